#include "runtime/trust/Ed25519.h"

#include <sodium.h>

namespace tenon::trust {

SecretBytes::SecretBytes(SecretBytes &&other) noexcept { *this = std::move(other); }

SecretBytes &SecretBytes::operator=(SecretBytes &&other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    sodium_memzero(other.bytes_.data(), other.bytes_.size());
  }
  return *this;
}

SecretBytes::~SecretBytes() { sodium_memzero(bytes_.data(), bytes_.size()); }

void zero(std::span<char> memory) { sodium_memzero(memory.data(), memory.size()); }

bool randomSeed(SecretBytes &seed) {
  if (sodium_init() < 0)
    return false;
  randombytes_buf(seed.bytes().data(), seed.bytes().size());
  return true;
}

namespace {
// libsodium's secret key: the seed and the public key behind it.
struct ExpandedKey {
  explicit ExpandedKey(const SecretBytes &seed) {
    crypto_sign_ed25519_seed_keypair(open.data(), secret, seed.bytes().data());
  }
  ExpandedKey(const ExpandedKey &) = delete;
  ExpandedKey &operator=(const ExpandedKey &) = delete;
  ~ExpandedKey() { sodium_memzero(secret, sizeof secret); }
  PublicBytes open{};
  uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
};
} // namespace

PublicBytes publicOf(const SecretBytes &seed) { return ExpandedKey(seed).open; }

bool isPublicKey(const PublicBytes &bytes) { return crypto_core_ed25519_is_valid_point(bytes.data()) == 1; }

SignatureBytes signBytes(const SecretBytes &seed, std::span<const uint8_t> message) {
  const ExpandedKey key(seed);
  SignatureBytes signature{};
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(), key.secret);
  return signature;
}

bool isSignatureOf(const PublicBytes &key, std::span<const uint8_t> message, const SignatureBytes &signature) {
  return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

} // namespace tenon::trust
