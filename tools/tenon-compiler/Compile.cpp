// tenon compile: a model in, an engine out; or the IR after a phase.
#include "compiler/driver/Compiler.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/CompileFlags.h"
#include "tools/tenon-compiler/DryRunText.h"
#include "tools/tenon-compiler/PlanText.h"
#include "tools/tenon-compiler/RemoteFlags.h"
#include "tools/tenon-compiler/Verbs.h"

#include <chrono>
#include <cstdio>

namespace tenon::cli {
namespace {

const char *outcomeName(CacheOutcome outcome) {
  switch (outcome) {
  case CacheOutcome::Hit:
    return "hit";
  case CacheOutcome::RemoteHit:
    return "remote hit";
  case CacheOutcome::Stored:
    return "miss, stored";
  case CacheOutcome::Missed:
    break;
  }
  return "miss, not stored";
}

class CompileVerb final : public Verb {
public:
  const char *name() const override { return "compile"; }
  const char *summary() const override { return "Compile a model into an engine file"; }
  const char *examples() const override {
    return "  tenon compile path/to/model -o m.tenon\n"
           "  tenon compile path/to/model -o m.tenon --quant fp32 --max-batch 8 --max-seq 8k\n"
           "  tenon compile path/to/model -o m.tenon --quant 'int4_wo:g64,asym; lm_head=int8_wo'\n"
           "  tenon compile path/to/model -o m.tenon --target cpu:x86-64-v3 --target cpu:x86-64-v4+avx512bf16\n"
           "  tenon compile model.gguf -o m.tenon\n"
           "  tenon compile random:config.json -o bench.tenon\n"
           "  tenon compile path/to/model -o m.tenon --cache /shared/tenon --cache-readonly --require-hit\n"
           "  tenon compile path/to/model -o m.tenon --cache-remote https://cache.example/tenon\n"
           "  tenon compile path/to/model -o m.tenon --dry-run --json\n"
           "  tenon compile path/to/model --emit=fuse\n";
  }

  void declare(CLI::App &app) override {
    flags_.declare(app);
    auto *output = app.add_option("-o,--output", output_, "Engine file to write")->type_name("FILE");
    app.add_option("--weights", weights_,
                   "inside the engine, or external: FILE.tnw beside it, named by its digest and shared")
        ->check(CLI::IsMember({"inside", "external"}))
        ->default_str("inside");
    app.add_option("--max-memory", maxMemory_, "Memory for packing beyond the mapped input")
        ->default_str("1GiB")
        ->type_name("BYTES");
    auto *depfile =
        app.add_option("--depfile", depfile_, "Write a Make rule that names every file read")->type_name("FILE");
    cache_.declareFolder(app);
    cache_.declareSize(app);
    remote_.declare(app);
    app.add_flag("--cache-readonly", cacheReadOnly_, "Take from the cache, store nothing");
    app.add_flag("--require-hit", requireHit_, "Fail (8) unless the engine is in the cache, instead of compiling it");
    auto *emit =
        app.add_option("--emit", emit_, "Print the IR after a phase instead")->check(CLI::IsMember(phaseList()));
    auto *dryRun = app.add_flag("--dry-run", dryRun_,
                                "Compile and write nothing: say what would be read, written and found in the cache");
    auto *json = app.add_flag("--json", json_, "Report as one JSON object on stdout");
    emit->excludes(dryRun, json, output, depfile);
  }

  Status run(Terminal &terminal) override {
    TENON_ASSIGN(CompileOptions options, flags_.read());
    if (!emit_.empty()) {
      TENON_ASSIGN(const std::string ir, emitPhase(options, emit_));
      std::fwrite(ir.data(), 1, ir.size(), stdout);
      return Status::ok();
    }
    if (output_.empty() && !dryRun_)
      return Status(Code::Usage, "no output: give -o FILE (or --emit=PHASE, --dry-run)");
    options.output = output_;
    options.depfile = depfile_;
    options.externalWeights = weights_ == "external";
    auto maxMemory = parseQuantity(maxMemory_);
    if (!maxMemory.isOk())
      return std::move(maxMemory).status().within("--max-memory");
    options.maxMemory = *maxMemory;
    options.cache = cache_.folder();
    TENON_ASSIGN(options.cacheSize, cache_.sizeBound());
    options.cacheReadOnly = cacheReadOnly_;
    options.requireHit = requireHit_;
    TENON_TRY(remote_.read(options));
    if (requireHit_ && options.cache.empty())
      return Status(Code::Usage, "--require-hit: there is no cache to hit; give --cache DIR");
    options.warn = [&](const std::string &text) { terminal.warn(text); };
    options.note = [&](const std::string &text) { terminal.note(text); };
    options.progress = [&](const std::string &what, uint64_t done, uint64_t total) {
      terminal.progress(what, done, total);
    };
    if (dryRun_)
      return runDry(options);
    const auto start = std::chrono::steady_clock::now();
    TENON_ASSIGN(const CompileReport report, compileEngine(options));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (json_)
      printJson(report, seconds);
    else
      printText(terminal, report, seconds);
    return Status::ok();
  }

private:
  Status runDry(const CompileOptions &options) const {
    TENON_ASSIGN(const DryRun run, dryRun(options));
    std::fputs(json_ ? dryRunJson(run).c_str() : dryRunText(run).c_str(), stdout);
    if (options.requireHit && !run.parts.front().hit)
      return Status(Code::NotCached, "--require-hit: the engine is not in the cache\n  `tenon cache explain` says how "
                                     "the nearest one differs");
    return Status::ok();
  }

  void printText(Terminal &terminal, const CompileReport &report, double seconds) const {
    char line[64];
    std::snprintf(line, sizeof line, "%.1f s", seconds);
    std::string text = "wrote " + output_ + ", " + formatBytes(report.engineBytes) + ", in " + line;
    if (!report.weightsFile.empty())
      text += (report.transfer == "found" ? "; weights shared: " : "; weights in ") + report.weightsFile;
    terminal.note(text);
    if (report.cache.empty())
      return;
    std::string parts;
    for (const CachePart &part : report.cache)
      parts += part.part + ": " + outcomeName(part.outcome) + "; ";
    terminal.note("cache: " + parts + "weights were " + report.transfer);
  }

  void printJson(const CompileReport &report, double seconds) const {
    JsonWriter json;
    json.beginObject().field("schema_version", 1).field("output", output_).field("engine_bytes", report.engineBytes);
    if (!report.weightsFile.empty())
      json.field("weights_file", report.weightsFile).field("weights_found", report.transfer == "found");
    json.field("weights_transfer", report.transfer).key("cache").beginObject();
    for (const CachePart &part : report.cache)
      json.field(part.part, outcomeName(part.outcome));
    json.endObject();
    json.field("seconds", seconds).key("plan");
    writePlan(json, report.plan);
    std::printf("%s\n", json.endObject().text().c_str());
  }

  CompileFlags flags_;
  CacheFlags cache_;
  RemoteFlags remote_;
  std::string output_, weights_ = "inside", maxMemory_ = "1GiB", depfile_, emit_;
  bool dryRun_ = false, json_ = false, cacheReadOnly_ = false, requireHit_ = false;
};

} // namespace

std::unique_ptr<Verb> makeCompileVerb() { return std::make_unique<CompileVerb>(); }

} // namespace tenon::cli
