// tenon swap-weights: a fine-tune's engine from another engine's code.
#include "compiler/driver/SwapWeights.h"

#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/Verbs.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

namespace tenon::cli {
namespace {

class SwapWeightsVerb final : public Verb {
public:
  const char *name() const override { return "swap-weights"; }
  const char *summary() const override { return "Make a fine-tune's engine from another's code"; }
  const char *examples() const override {
    return "  tenon swap-weights base.tenon path/to/fine-tune -o tuned.tenon   # the bytes that compile would write\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("engine", options_.engine,
                   "Engine whose code, formats, shapes and targets are taken; made by a compiler of the same sources")
        ->required();
    app.add_option("model", options_.model,
                   "Model of the same architecture whose weights, config and tokenizer are taken: as for compile")
        ->required();
    app.add_option("-o,--output", options_.output, "Engine file to write")->type_name("FILE")->required();
    app.add_option("--max-memory", maxMemory_, "Memory for packing beyond the mapped input")
        ->default_str("1GiB")
        ->type_name("BYTES");
    app.add_option("-j,--jobs", options_.jobs, "Threads; 0: one for each core. The engine is the same for any number")
        ->default_str("0");
    app.add_flag("--json", json_, "Report as one JSON object on stdout");
  }

  Status run(Terminal &terminal) override {
    auto maxMemory = parseQuantity(maxMemory_);
    if (!maxMemory.isOk())
      return std::move(maxMemory).status().within("--max-memory");
    options_.maxMemory = *maxMemory;
    options_.note = [&](const std::string &text) { terminal.note(text); };
    options_.progress = [&](const std::string &what, uint64_t done, uint64_t total) {
      terminal.progress(what, done, total);
    };
    const auto start = std::chrono::steady_clock::now();
    TENON_ASSIGN(const CompileReport report, swapWeights(options_));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (json_) {
      JsonWriter json;
      json.beginObject().field("schema_version", 1).field("output", options_.output);
      json.field("engine_bytes", report.engineBytes);
      if (!report.weightsFile.empty())
        json.field("weights_file", report.weightsFile);
      json.field("seconds", seconds);
      std::printf("%s\n", json.endObject().text().c_str());
      return Status::ok();
    }
    char took[32];
    std::snprintf(took, sizeof took, "%.1f s", seconds);
    terminal.note("wrote " + options_.output + ", " + formatBytes(report.engineBytes) + ", in " + took +
                  ", with the code of " + options_.engine +
                  (report.weightsFile.empty() ? "" : "; weights in " + report.weightsFile));
    return Status::ok();
  }

private:
  SwapOptions options_;
  std::string maxMemory_ = "1GiB";
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeSwapWeightsVerb() { return std::make_unique<SwapWeightsVerb>(); }

} // namespace tenon::cli
