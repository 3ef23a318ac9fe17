#include "runtime/trust/Signature.h"

#include "runtime/trust/Lines.h"

#include <algorithm>
#include <cassert>

namespace tenon::trust {

static constexpr std::string_view kPurpose = "tenon-signature-1";

static std::vector<uint8_t> messageOf(std::string_view domain, std::span<const uint8_t> bytes) {
  assert(isComment(domain) && domain.size() <= 64 && "a domain is 1 to 64 printable characters");
  std::vector<uint8_t> message;
  message.reserve(kPurpose.size() + domain.size() + bytes.size() + 2);
  message.insert(message.end(), kPurpose.begin(), kPurpose.end());
  message.push_back(0);
  message.insert(message.end(), domain.begin(), domain.end());
  message.push_back(0);
  message.insert(message.end(), bytes.begin(), bytes.end());
  return message;
}

Signature sign(const SecretKey &key, std::string_view domain, std::span<const uint8_t> bytes) {
  return {publicOf(key.seed), signBytes(key.seed, messageOf(domain, bytes))};
}

bool isRight(const Signature &signature, std::string_view domain, std::span<const uint8_t> bytes) {
  return isSignatureOf(signature.key, messageOf(domain, bytes), signature.bytes);
}

Result<PublicKey> verifySignatures(std::span<const PublicKey> trusted, std::string_view domain,
                                   std::span<const uint8_t> bytes, std::span<const Signature> signatures,
                                   const std::string &what) {
  static constexpr size_t kListed = 4; // in messages
  const std::vector<uint8_t> message = messageOf(domain, bytes);
  std::string wrong, signers, wanted;
  for (const Signature &signature : signatures)
    for (const PublicKey &key : trusted)
      if (key.bytes == signature.key) {
        if (isSignatureOf(key.bytes, message, signature.bytes))
          return key;
        if (wrong.empty())
          wrong = describe(key);
      }
  if (!wrong.empty())
    return Status(Code::Integrity,
                  what + ": the signature of " + wrong +
                      " is wrong: expected one of these bytes, found one of others\n  get the file and "
                      "its signature anew from the signer");
  for (size_t i = 0; i < signatures.size(); ++i)
    signers += i < kListed ? "\n  signed by   " + keyText(signatures[i].key) : i == kListed ? "\n  and more" : "";
  for (size_t i = 0; i < trusted.size(); ++i)
    wanted += i < kListed ? "\n  trusted key " + describe(trusted[i]) : i == kListed ? "\n  and more" : "";
  return Status(Code::Integrity, what + ": expected a signature of a trusted key, found " +
                                     (signatures.empty() ? "none" : "only foreign ones") + wanted + signers);
}

Result<std::vector<Signature>> parseSignatures(std::string_view text, const std::string &name) {
  std::vector<Signature> signatures;
  TENON_TRY(eachLine(text, name, [&](std::string_view line, const std::string &where) -> Status {
    Signature signature;
    TENON_TRY(takePurpose(line, kPurpose, where));
    TENON_TRY(takeBase64(line, signature.key, "a public key", where));
    TENON_TRY(takeSpace(line, "a signature", where));
    TENON_TRY(takeBase64(line, signature.bytes, "a signature", where));
    if (!line.empty())
      return Status(Code::InvalidFile, where + ": expected the end of the line, found more");
    if (std::any_of(signatures.begin(), signatures.end(),
                    [&](const Signature &other) { return other.key == signature.key; }))
      return Status(Code::InvalidFile,
                    where + ": expected one signature of each key, found another of " + keyText(signature.key));
    signatures.push_back(signature);
    return Status::ok();
  }));
  return signatures;
}

Result<std::vector<Signature>> readSignatures(const std::string &path) {
  std::string buffer(kMaxFileBytes + 1, '\0');
  TENON_ASSIGN(const std::string_view text, readWhole(path, Secrecy::Open, buffer));
  return parseSignatures(text, path);
}

std::string formatSignature(const Signature &signature) {
  return std::string(kPurpose) + " " + toBase64(signature.key) + " " + toBase64(signature.bytes) + "\n";
}

} // namespace tenon::trust
