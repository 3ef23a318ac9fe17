// Signatures of anything that has bytes, separated by domain.
//
// Signed is the message  "tenon-signature-1" NUL domain NUL bytes . The domain says what the bytes are for
// ("tenon engine 1", "tenon cache entry 1"), so that a signature made for one use is none for another. It has 1 to 64
// printable ASCII characters and is the program's, never a file's.
//
// As text a signature is one line:  tenon-signature-1 <base64 of the public key> <base64 of the signature>
// A file of signatures has 1 to 1024 of them, each key once. Who a key belongs to is for the reader's key ring to say.
//
// Errors: InvalidFile (a text that is no signature), Integrity (no signature of a key that is trusted, or a wrong one).
// Threads: all functions may be called from any thread.
#pragma once

#include "runtime/trust/Keys.h"

namespace tenon::trust {

struct Signature {
  PublicBytes key{};
  SignatureBytes bytes{};
};

Signature sign(const SecretKey &key, std::string_view domain, std::span<const uint8_t> bytes);

// Whether the signature is right, whoever made it.
bool isRight(const Signature &signature, std::string_view domain, std::span<const uint8_t> bytes);

// The first key of `trusted` that has a right signature among `signatures`. Integrity says which keys were looked for,
// which have signed, and `what` was to be signed ("'m.tenon'").
Result<PublicKey> verifySignatures(std::span<const PublicKey> trusted, std::string_view domain,
                                   std::span<const uint8_t> bytes, std::span<const Signature> signatures,
                                   const std::string &what);

// `name` is what messages call the text.
Result<std::vector<Signature>> parseSignatures(std::string_view text, const std::string &name);
Result<std::vector<Signature>> readSignatures(const std::string &path);
// One line with its '\n'.
std::string formatSignature(const Signature &signature);

} // namespace tenon::trust
