// tenon keygen: a pair of key files.
#include "runtime/trust/Keys.h"
#include "tools/tenon/Verbs.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <unistd.h>

namespace tenon::cli {
namespace {

class KeygenVerb final : public Verb {
public:
  const char *name() const override { return "keygen"; }
  const char *summary() const override { return "Make a pair of keys to sign engines with"; }
  const char *examples() const override {
    return "  tenon keygen release --comment \"release 2026\"   # release.key stays with you, release.pub goes to "
           "everyone\n"
           "  cat alice.pub bob.pub > ring.pub               # engines of either are accepted\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("name", name_, "Writes NAME.key (secret, mode 0600) and NAME.pub; never over files that exist")
        ->required();
    app.add_option("--comment", comment_,
                   "Whose key it is, kept in both files: at most 128 printable ASCII characters");
  }
  Status run(Terminal &terminal) override {
    if (name_.empty() || name_.ends_with('/'))
      return Status(Code::Usage, "expected the name of the key's files without .key and .pub, found '" + name_ + "'");
    TENON_ASSIGN(const trust::SecretKey key, trust::generateKey(comment_));
    TENON_TRY(trust::writeKeyPair(key, name_ + ".key", name_ + ".pub"));
    std::fputs(trust::formatPublicKey(key.publicKey()).c_str(), stdout);
    if (std::fflush(stdout) != 0) { // a retry must not find half of what this call was asked for
      unlink((name_ + ".key").c_str());
      unlink((name_ + ".pub").c_str());
      return Status(Code::Resource, "cannot write the public key to standard output: the disk is full or nobody reads "
                                    "it; no key was made");
    }
    terminal.note("wrote " + name_ + ".key, which is not encrypted: whoever reads it can sign, and " + name_ + ".pub");
    return Status::ok();
  }

private:
  std::string name_, comment_;
};

} // namespace

std::unique_ptr<Verb> makeKeygenVerb() { return std::make_unique<KeygenVerb>(); }

} // namespace tenon::cli
