// Keys and the files that hold them.
//
// A key file is text, one key a line, each line saying what it is, so that key rings are made with `cat`:
//   tenon-secret-key-1 <base64 of the 32-byte seed> [comment]      exactly one line, mode 0600
//   tenon-public-key-1 <base64 of the 32 bytes> [comment]          1 to 1024 lines, at least one key
// One space between the parts, '\n' behind each line, base64 with padding, canonical. A comment has 1 to 128 printable
// ASCII characters and neither starts nor ends with a space. Nothing else is accepted, so writing what was read gives
// the very same bytes; but for key rings, in which `cat` may leave empty lines and one key twice: both are passed over,
// and the first comment of a key counts.
//
// A secret key is not encrypted: whoever reads the file can sign (docs/security.md).
// Errors: InvalidFile (which line, expected, found; what a secret key file holds is never said), Usage (the file to be
// written exists or its folder does not, others may read a secret key), Resource. Threads: all functions may be called
// from any thread.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/trust/Ed25519.h"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::trust {

struct PublicKey {
  PublicBytes bytes{};
  std::string comment; // who says that the key is whose: the owner of the key ring
};
using PublicKeys = std::vector<PublicKey>;

struct SecretKey {
  SecretBytes seed;
  std::string comment;
  PublicKey publicKey() const { return {publicOf(seed), comment}; }
};

// A new key. `comment` may be empty. Usage when it is no comment, Resource when the system has no randomness.
Result<SecretKey> generateKey(std::string_view comment);

// `name` is what messages call the text.
Result<SecretKey> parseSecretKey(std::string_view text, const std::string &name);
Result<PublicKeys> parsePublicKeys(std::string_view text, const std::string &name);

Result<SecretKey> readSecretKey(const std::string &path);
Result<PublicKeys> readPublicKeys(const std::string &path);

// One line with its '\n'.
std::string formatPublicKey(const PublicKey &key);

// Two new files, never over an old one: on an error neither is left behind.
Status writeKeyPair(const SecretKey &key, const std::string &secretPath, const std::string &publicPath);

// The base64 text of a key: what messages name it by.
std::string keyText(const PublicBytes &key);
// "'comment' (base64)", or the base64 alone.
std::string describe(const PublicKey &key);

} // namespace tenon::trust
