// What a key file says, to the byte, and how it gets there. Files are in KeyFiles.cpp.
#include "runtime/trust/Keys.h"

#include "runtime/trust/Lines.h"

#include <algorithm>

namespace tenon::trust {

static constexpr std::string_view kSecret = "tenon-secret-key-1";
static constexpr std::string_view kPublic = "tenon-public-key-1";

Result<SecretKey> generateKey(std::string_view comment) {
  if (!comment.empty() && !isComment(comment))
    return Status(Code::Usage, "expected a comment of 1 to " + std::to_string(kMaxCommentBytes) +
                                   " printable ASCII characters that neither starts nor ends with a space");
  SecretKey key;
  key.comment = comment;
  if (!randomSeed(key.seed))
    return Status(Code::Resource, "the system gives no random bytes");
  return key;
}

Result<SecretKey> parseSecretKey(std::string_view text, const std::string &name) {
  SecretKey key;
  size_t lines = 0;
  TENON_TRY(eachLine(text, name, [&](std::string_view line, const std::string &where) -> Status {
    if (++lines > 1)
      return Status(Code::InvalidFile, where + ": expected one secret key in a file, found another line");
    TENON_TRY(takePurpose(line, kSecret, where));
    TENON_TRY(takeBase64(line, key.seed.bytes(), "a secret key", where));
    TENON_ASSIGN(key.comment, takeComment(line, where));
    return Status::ok();
  }));
  return key;
}

Result<PublicKeys> parsePublicKeys(std::string_view text, const std::string &name) {
  PublicKeys keys;
  TENON_TRY(eachLine(text, name, [&](std::string_view line, const std::string &where) -> Status {
    if (line.empty())
      return Status::ok();
    PublicKey key;
    TENON_TRY(takePurpose(line, kPublic, where));
    TENON_TRY(takeBase64(line, key.bytes, "a public key", where));
    if (!isPublicKey(key.bytes))
      return Status(Code::InvalidFile, where + ": expected an Ed25519 public key, found bytes that are none");
    TENON_ASSIGN(key.comment, takeComment(line, where));
    if (std::none_of(keys.begin(), keys.end(), [&](const PublicKey &other) { return other.bytes == key.bytes; }))
      keys.push_back(std::move(key));
    return Status::ok();
  }));
  if (keys.empty())
    return Status(Code::InvalidFile, "'" + name + "': expected at least one public key, found empty lines");
  return keys;
}

std::string formatPublicKey(const PublicKey &key) {
  return std::string(kPublic) + " " + keyText(key.bytes) + (key.comment.empty() ? "" : " " + key.comment) + "\n";
}

std::string keyText(const PublicBytes &key) { return toBase64(key); }

std::string describe(const PublicKey &key) {
  return key.comment.empty() ? keyText(key.bytes) : "'" + key.comment + "' (" + keyText(key.bytes) + ")";
}

} // namespace tenon::trust
