// Who vouches for an engine: detached signatures in a file beside it, "<engine>.sig" (runtime/trust/Signature.h).
//
// Signed are the 64 bytes of the header. The header holds the metadata's digest and the metadata that of every segment,
// those in external weights files, too; so a right signature and right digests together speak for every byte that the
// runtime ever uses. The engine itself stays as the compiler wrote it and can be rebuilt and shared.
#pragma once

#include "runtime/schema/EngineHeader.h"
#include "runtime/trust/Signature.h"

namespace tenon {

inline constexpr char kEngineDomain[] = "tenon engine 1";

std::string signaturePath(const std::string &engine);

inline std::span<const uint8_t> signedBytes(const EngineHeader &header) {
  return {reinterpret_cast<const uint8_t *>(&header), sizeof(header)};
}

// The trusted key that has signed this header. Integrity where there is none, whatever the reason: no signature file,
// one that cannot be read, foreign keys, a wrong signature.
Result<trust::PublicKey> checkSignature(const std::string &engine, const EngineHeader &header,
                                        const trust::PublicKeys &trusted);

} // namespace tenon
