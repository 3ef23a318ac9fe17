// tenon plan: the exact memory of an engine before anything is built.
#include "compiler/driver/Compiler.h"
#include "tools/tenon-compiler/CompileFlags.h"
#include "tools/tenon-compiler/PlanText.h"
#include "tools/tenon-compiler/Verbs.h"

#include <cstdio>

namespace tenon::cli {
namespace {

bool endsWith(const std::string &text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

class PlanVerb final : public Verb {
public:
  const char *name() const override { return "plan"; }
  const char *summary() const override { return "Say exactly what an engine will take, without building it"; }
  const char *examples() const override {
    return "  tenon plan path/to/model\n"
           "  tenon plan config.json --max-batch 8 --max-seq 8k\n"
           "  tenon plan config.json --target cpu:sapphirerapids --json\n";
  }
  void declare(CLI::App &app) override {
    flags_.declare(app);
    app.add_flag("--json", json_, "One JSON object");
  }
  Status run(Terminal &) override {
    TENON_ASSIGN(CompileOptions options, flags_.read());
    // A bare config needs no weights to be planned.
    if (endsWith(options.model, ".json") && options.model.find(':') == std::string::npos)
      options.model = "zeros:" + options.model;
    TENON_ASSIGN(const EnginePlan plan, planEngine(options));
    std::fputs(json_ ? planJson(plan).c_str() : planText(plan).c_str(), stdout);
    return Status::ok();
  }

private:
  CompileFlags flags_;
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makePlanVerb() { return std::make_unique<PlanVerb>(); }

} // namespace tenon::cli
