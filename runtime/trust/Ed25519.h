// Ed25519 (RFC 8032) as libsodium does it, in our types. Signatures are deterministic. Verification also refuses points
// of small order and encodings that are not canonical.
//
// Threads: all functions may be called from any thread. They never fail for lack of anything but randomness.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::trust {

using PublicBytes = std::array<uint8_t, 32>;
using SignatureBytes = std::array<uint8_t, 64>;

// Bytes that are overwritten with zeros before their memory is given back. Moving leaves zeros behind.
class SecretBytes {
public:
  SecretBytes() = default;
  SecretBytes(SecretBytes &&other) noexcept;
  SecretBytes &operator=(SecretBytes &&other) noexcept;
  ~SecretBytes();

  std::array<uint8_t, 32> &bytes() { return bytes_; }
  const std::array<uint8_t, 32> &bytes() const { return bytes_; }

private:
  std::array<uint8_t, 32> bytes_{};
};

// Overwrites memory in a way that no optimiser removes.
void zero(std::span<char> memory);

// A seed from the system's generator of random bytes; false when the system has none.
[[nodiscard]] bool randomSeed(SecretBytes &seed);

PublicBytes publicOf(const SecretBytes &seed);

// Whether the bytes are the canonical encoding of a point that a key can be.
bool isPublicKey(const PublicBytes &bytes);

SignatureBytes signBytes(const SecretBytes &seed, std::span<const uint8_t> message);
bool isSignatureOf(const PublicBytes &key, std::span<const uint8_t> message, const SignatureBytes &signature);

} // namespace tenon::trust
