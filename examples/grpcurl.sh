#!/bin/sh
# Every kind of call by grpcurl: grpcurl.sh ADDRESS FRONT.jpg BACK.jpg
# Content goes through standard input: as an argument a photo is too long for the system.
set -eu
address=$1 front=$2 back=$3
service=scanvet.v1.ValidationService
call() { grpcurl -plaintext -d @ "$address" "$@"; }

# Is it up, and what does it offer?
grpcurl -plaintext "$address" grpc.health.v1.Health/Check
grpcurl -plaintext "$address" list
grpcurl -plaintext "$address" describe $service.ValidateFile
echo '{}' | call $service/GetServerInfo
echo '{"page_size": 3}' | call $service/ListProfiles

# One file, its texts in Chinese.
{
  printf '{"file": {"slot": "id-card-front", "item_id": "upload-1"},'
  printf ' "options": {"locales": ["zh-CN"], "context": {"profile": "alibaba-2019"}},'
  printf ' "content": "%s"}' "$(base64 < "$front" | tr -d '\n')"
} | call $service/ValidateFile

# The same in pieces, one message after the other.
{
  printf '{"header": {"file": {"slot": "id-card-front"}}}\n'
  printf '{"chunk": "%s"}\n' "$(base64 < "$front" | tr -d '\n')"
} | call $service/UploadAndValidateFile

# Both sides of a card as one filing.
{
  printf '{"options": {"context": {"profile": "alibaba-2019"}}, "files": ['
  printf '{"file": {"slot": "id-card-front"}, "content": "%s"},' "$(base64 < "$front" | tr -d '\n')"
  printf '{"file": {"slot": "id-card-back"}, "content": "%s"}]}' "$(base64 < "$back" | tr -d '\n')"
} | call $service/ValidateFiling

# What must be uploaded, and under which limits a file of one slot is judged.
echo '{"context": {"profile": "alibaba-2018", "province": "CN-TJ", "entity_type": "company",
       "filing_type": "initial", "as_of": "2018-05-01"}, "locales": ["zh-CN", "en"]}' |
  call $service/PlanFiling
echo '{"context": {"profile": "alibaba-2019"}, "slot": "id-card-front"}' | call $service/GetRuleset
