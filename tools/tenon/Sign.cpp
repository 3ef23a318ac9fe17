// tenon sign: one line for one signer in the signature file beside an engine.
#include "runtime/io/OutputFile.h"
#include "tools/tenon/Verbs.h"
#include "tools/tenon/WholeEngine.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace tenon::cli {
namespace {

// The lines of other signers. All must be of these bytes: a line that is not was made for another engine of this name,
// and to keep it or drop it silently would both be wrong.
Result<std::vector<trust::Signature>> signaturesOfOthers(const EngineFile &file, const trust::PublicBytes &own) {
  const std::string path = signaturePath(file.path());
  std::vector<trust::Signature> others;
  if (access(path.c_str(), F_OK) != 0)
    return others;
  TENON_ASSIGN(const auto present, trust::readSignatures(path));
  for (const trust::Signature &signature : present) {
    if (signature.key == own)
      continue;
    if (!trust::isRight(signature, kEngineDomain, signedBytes(file.header())))
      return Status(Code::Integrity, "'" + path + "': the signature of " + trust::keyText(signature.key) +
                                         " is wrong: expected one of this engine, found one of other bytes\n  it was "
                                         "made for an earlier engine: remove " +
                                         path + " and sign again");
    others.push_back(signature);
  }
  return others;
}

class SignVerb final : public Verb {
public:
  const char *name() const override { return "sign"; }
  const char *summary() const override { return "Vouch for an engine with a secret key"; }
  const char *examples() const override { return "  tenon sign m.tenon --key release.key   # writes m.tenon.sig\n"; }
  void declare(CLI::App &app) override {
    app.add_option("engine", path_, "Engine file; its structure and all digests are checked first")->required();
    app.add_option("--key", keyPath_, "Secret key file (tenon keygen)")->required();
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(const trust::SecretKey key, trust::readSecretKey(keyPath_));
    TENON_ASSIGN(EngineFile file, EngineFile::open(path_));
    TENON_TRY(checkWholeEngine(file));
    TENON_ASSIGN(auto signatures, signaturesOfOthers(file, trust::publicOf(key.seed)));
    signatures.push_back(trust::sign(key, kEngineDomain, signedBytes(file.header())));
    std::string text;
    for (const trust::Signature &signature : signatures)
      text += trust::formatSignature(signature);
    TENON_ASSIGN(io::OutputFile out, io::OutputFile::create(signaturePath(path_), text.size()));
    TENON_TRY(out.write(0, {reinterpret_cast<const uint8_t *>(text.data()), text.size()}));
    TENON_TRY(out.commit());
    terminal.note("wrote " + signaturePath(path_) + ": signed by " + trust::describe(key.publicKey()) +
                  (signatures.size() > 1 ? " and " + std::to_string(signatures.size() - 1) + " before" : ""));
    return Status::ok();
  }

private:
  std::string path_, keyPath_;
};

} // namespace

std::unique_ptr<Verb> makeSignVerb() { return std::make_unique<SignVerb>(); }

} // namespace tenon::cli
