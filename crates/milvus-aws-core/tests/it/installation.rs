mod hostile;
mod messages;
mod on_aws;
mod on_eks;
mod round_trip;
mod schema;
mod secrets;
mod written;
