// tenon cache push: entries into the shared tier.
#include "compiler/cache/remote/Remote.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/ChosenEntries.h"
#include "tools/tenon-compiler/RemoteFlags.h"
#include "tools/tenon-compiler/Verbs.h"

namespace tenon::cli {
namespace {

class CachePush final : public Verb {
public:
  const char *name() const override { return "push"; }
  const char *summary() const override { return "Put entries into a cache that machines share, where they lack"; }
  const char *examples() const override { return "  tenon cache push --cache-remote https://cache.example/tenon\n"; }

  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    remote_.declare(app);
    app.add_option("key", keys_,
                   "Keys, or how they begin; all entries where none is given. Engines bring their weights");
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(const cache::RemoteOptions options, remote_.options());
    if (options.url.empty())
      return Status(Code::Usage, "no remote: give --cache-remote URL");
    if (!options.trustedKeys.empty() && options.signingKey.empty())
      return Status(Code::Usage, "--cache-remote-trust without --cache-remote-key: nobody with these keys would take "
                                 "what is put unsigned");
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, /*readOnly=*/true));
    TENON_ASSIGN(const std::vector<cache::Key> chosen, chooseEntries(store, keys_));
    TENON_ASSIGN(const auto remote, cache::Remote::open(options));
    const cache::Shared shared = remote->share(store, chosen);
    const std::string url = cache::maskUrl(options.url);
    if (remote->isReadOnly())
      return Status(Code::Resource, url + " takes nothing from here");
    if (remote->isOff())
      return Status(Code::Resource, url + " has failed; " + std::to_string(shared.entries) + " entries were put");
    terminal.note("put " + std::to_string(shared.entries) + " of " + std::to_string(chosen.size()) + " entries, " +
                  formatBytes(shared.bytes) + " before compression; the rest was there" +
                  (shared.notOurs == 0 ? ""
                                       : ", or came unsigned from a remote: " + std::to_string(shared.notOurs) +
                                             " are not signed here"));
    return Status::ok();
  }

private:
  CacheFlags cache_;
  RemoteFlags remote_;
  std::vector<std::string> keys_;
};

} // namespace

std::unique_ptr<Verb> makeCachePush() { return std::make_unique<CachePush>(); }

} // namespace tenon::cli
