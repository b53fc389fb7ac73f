#!/bin/sh
# Prints the folder of Kafka's jars, which tests and `make demo-real` start; the first time, Maven fetches them.
set -eu

version=3.9.1
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
folder="${XDG_CACHE_HOME:-$HOME/.cache}/mallgen/kafka-$version"

lacking=""
command -v java >/dev/null || lacking="$lacking openjdk-17-jre-headless"
[ -d "$folder" ] || command -v mvn >/dev/null || lacking="$lacking maven"
if [ -n "$lacking" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "no Kafka on this machine; it needs:$lacking" >&2
        exit 3
    fi
    echo "installing$lacking" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >/dev/null
    # shellcheck disable=SC2086
    apt-get -qq install -y --no-install-recommends $lacking >/dev/null
fi

if [ ! -d "$folder" ]; then
    echo "fetching Kafka $version" >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cat >"$work/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>mallgen</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
    mvn -q -B -f "$work/pom.xml" "$plugin:copy-dependencies" "-DoutputDirectory=$work/jars" >"$work/log" 2>&1 || {
        echo "Maven cannot fetch Kafka: $(grep ERROR "$work/log" | head -n 3)" >&2
        exit 3
    }
    mkdir -p "$(dirname "$folder")"
    # Of two runs at once the first one's folder stays.
    [ -d "$folder" ] || mv "$work/jars" "$folder"
fi
echo "$folder"
