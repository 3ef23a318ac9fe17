// tenon sign: one line for one signer in the signature file beside an engine.
#include "runtime/base/Bytes.h"
#include "runtime/io/OutputFile.h"
#include "runtime/io/SystemError.h"
#include "tools/tenon/Verbs.h"
#include "tools/tenon/WholeEngine.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

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

// Keeps others from signing the same engine until it is destroyed: without it, of two lines added at once one is lost.
// Where the file system has no locks, a warning is all there is.
class SigningLock {
public:
  static Result<SigningLock> take(const std::string &engine, Terminal &terminal) {
    SigningLock lock(open(engine.c_str(), O_RDONLY | O_CLOEXEC));
    if (lock.fd_ < 0)
      return io::systemError("open", engine, errno);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        terminal.warn("'" + engine + "' cannot be locked (" + io::errorText(errno) +
                      "): let nobody else sign it at the same time");
        break;
      }
      if (std::chrono::steady_clock::now() > deadline)
        return Status(Code::Resource, "'" + engine + "': somebody else has been signing it for " +
                                          std::to_string(kPatience.count()) + " s; try again");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return lock;
  }
  SigningLock(SigningLock &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SigningLock &operator=(SigningLock &&) = delete;
  ~SigningLock() {
    if (fd_ >= 0)
      close(fd_);
  }

private:
  static constexpr std::chrono::seconds kPatience{10};
  explicit SigningLock(int fd) : fd_(fd) {}
  int fd_;
};

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
    TENON_ASSIGN(const SigningLock lock, SigningLock::take(path_, terminal));
    TENON_ASSIGN(auto signatures, signaturesOfOthers(file, trust::publicOf(key.seed)));
    signatures.push_back(trust::sign(key, kEngineDomain, signedBytes(file.header())));
    std::string text;
    for (const trust::Signature &signature : signatures)
      text += trust::formatSignature(signature);
    TENON_ASSIGN(io::OutputFile out, io::OutputFile::create(signaturePath(path_), text.size()));
    TENON_TRY(out.write(0, bytesOf(text)));
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
