// tenon cache: the actions on the artifact cache, one file each.
#include "tools/tenon-compiler/Verbs.h"

#include <CLI/CLI.hpp>

namespace tenon::cli {
namespace {

class CacheVerb final : public Verb {
public:
  CacheVerb() {
    for (auto make : {makeCacheExplain, makeCacheStats, makeCacheLs, makeCacheRm, makeCacheGc, makeCacheVerify,
                      makeCacheExport, makeCacheImport, makeCachePush, makeCacheKeys})
      actions_.push_back({make(), nullptr});
  }
  const char *name() const override { return "cache"; }
  const char *summary() const override { return "Look after the cache of compiled artifacts"; }
  const char *examples() const override {
    for (const Action &action : actions_)
      if (examples_.find(action.verb->examples()) == std::string::npos)
        examples_ += action.verb->examples();
    return examples_.c_str();
  }
  void declare(CLI::App &app) override {
    app.require_subcommand(1);
    for (Action &action : actions_) {
      action.app = app.add_subcommand(action.verb->name(), action.verb->summary());
      action.app->set_help_flag("-h,--help", "Show this help");
      action.app->footer(std::string("Examples:\n") + action.verb->examples());
      action.app->fallthrough(); // to --quiet
      action.verb->declare(*action.app);
    }
  }
  Status run(Terminal &terminal) override {
    for (const Action &action : actions_)
      if (action.app->parsed())
        return action.verb->run(terminal);
    return Status(Code::Usage, "no action is given");
  }

private:
  struct Action {
    std::unique_ptr<Verb> verb;
    CLI::App *app;
  };
  std::vector<Action> actions_;
  mutable std::string examples_;
};

} // namespace

std::unique_ptr<Verb> makeCacheVerb() { return std::make_unique<CacheVerb>(); }

} // namespace tenon::cli
