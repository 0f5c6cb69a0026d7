# Kafka's jars, and a formatted data folder that knows the users: formatting at every start would take two seconds.
if ! command -v mvn; then
  # Maven out of Debian packages, unpacked and not installed; their links name files of an installed system.
  mkdir -p maven lists/partial aptcache/archives/partial
  apt="apt-get -q -y -o APT::Sandbox::User=root -o Dir::Cache=$PWD/aptcache"
  download="install --download-only --no-install-recommends maven"
  $apt $download || {
    apt="$apt -o Dir::State::lists=$PWD/lists"
    $apt update || true
    $apt $download
  }
  for deb in aptcache/archives/*.deb; do dpkg-deb -x "$deb" maven; done
  find maven -type l -lname '/*' | while read -r link; do ln -sfn "$PWD/maven$(readlink "$link")" "$link"; done
  export M2_HOME="$PWD/maven/usr/share/maven"
  PATH="$M2_HOME/bin:$PATH"
fi
mvn -B -q dependency:copy-dependencies -DoutputDirectory="$OUT/libs"

# Arguments in a file, so that no password is in the list of processes.
cat > format.args <<END
-cp "$OUT/libs/*"
kafka.tools.StorageTool format --cluster-id c3RhZ2Utb2Yta3ViZWN0bA --config server.properties
--add-scram "SCRAM-SHA-512=[name=broker,password=$BROKER_PASSWORD]"
--add-scram "SCRAM-SHA-512=[name=$USER_NAME,password=$USER_PASSWORD]"
END
java @format.args
cp -r data "$OUT/data"
