mod hostile;
mod messages;
mod round_trip;
mod schema;
mod secrets;
mod written;
