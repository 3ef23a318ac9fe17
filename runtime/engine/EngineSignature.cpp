#include "runtime/engine/EngineSignature.h"

namespace tenon {

std::string signaturePath(const std::string &engine) { return engine + ".sig"; }

Result<trust::PublicKey> checkSignature(const std::string &engine, const EngineHeader &header,
                                        const trust::PublicKeys &trusted) {
  const auto signatures = trust::readSignatures(signaturePath(engine));
  if (!signatures.isOk())
    return Status(Code::Integrity, "expected a signature of a trusted key: " + signatures.status().message() +
                                       "\n  get the signature file from the signer, or, if the engine is yours: tenon "
                                       "sign ENGINE --key FILE");
  return trust::verifySignatures(trusted, kEngineDomain, signedBytes(header), *signatures,
                                 "'" + signaturePath(engine) + "'");
}

} // namespace tenon
