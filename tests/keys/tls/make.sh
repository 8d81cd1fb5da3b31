#!/usr/bin/env bash
# Makes this folder's certificates anew: what a PostgreSQL server and the service itself show in the
# tests, and what is shown to the former. They are valid from before any clock's time to after it.
set -euo pipefail
cd "$(dirname "$0")"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/config" <<CONFIG
[ca]
default_ca = one
[one]
database = $folder/index
new_certs_dir = $folder
default_md = sha256
default_startdate = 20000101000000Z
default_enddate = 99991231235959Z
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
CONFIG
touch "$folder/index"

# NAME SUBJECT EXTENSIONS OPTION…
certificate() {
    local name=$1 subject=$2 extensions=$3
    shift 3
    if [ "$extensions" ]; then
        printf '%b' "$extensions" >"$folder/extensions"
        set -- "$@" -extfile "$folder/extensions"
    fi
    openssl req -new -key key.pem -subj "/CN=$subject" -out "$folder/request"
    openssl ca -batch -notext -config "$folder/config" -in "$folder/request" -out "$name.pem" "$@" 2>/dev/null
}

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out another-key.pem
is_authority="basicConstraints=critical,CA:TRUE\n"
names="subjectAltName=DNS:localhost,IP:127.0.0.1\n"
signed=(-cert authority.pem -keyfile key.pem)

certificate authority authority "$is_authority" -selfsign -keyfile key.pem
certificate server localhost "$names" "${signed[@]}"
certificate of-another-name localhost "subjectAltName=DNS:elsewhere.example\n" "${signed[@]}"
certificate expired localhost "$names" "${signed[@]}" -enddate 20010101000000Z
# As by the manual of PostgreSQL: of X.509's first version, with a common name only.
certificate first-version localhost "" "${signed[@]}"
# As `openssl req -x509` makes them: an authority that vouches for itself.
certificate self-signed localhost "$is_authority$names" -selfsign -keyfile key.pem
# Of an authority that only calls itself the same.
openssl req -new -x509 -key another-key.pem -subj /CN=authority -out "$folder/authority.pem"
certificate forged localhost "$names" -cert "$folder/authority.pem" -keyfile another-key.pem
# Of a role.
certificate tegata tegata "extendedKeyUsage=clientAuth\n" "${signed[@]}"
# Of a service whose key is RSA's, and keys in the forms of old: SEC1 and PKCS#1.
openssl ec -in key.pem -out key-sec1.pem 2>/dev/null
openssl genrsa -traditional -out rsa-key.pem 2048 2>/dev/null
openssl req -new -key rsa-key.pem -subj /CN=localhost -out "$folder/rsa-request"
printf '%b' "$names" >"$folder/extensions"
openssl ca -batch -notext -config "$folder/config" -in "$folder/rsa-request" -out rsa.pem \
    -extfile "$folder/extensions" "${signed[@]}" 2>/dev/null
