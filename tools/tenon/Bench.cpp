// tenon bench: prefill and decode speed as shares of what this machine can do, measured in the same minutes.
//
// Clocks and neighbours change, so every repetition stands between two probe bursts and its share is taken of their
// mean.
#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/Probe.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon/EngineFlags.h"
#include "tools/tenon/KernelTable.h"
#include "tools/tenon/Spread.h"
#include "tools/tenon/StepBytes.h"
#include "tools/tenon/Verbs.h"
#include "tools/tenon/Workload.h"

#include <chrono>
#include <cstdio>

namespace tenon::cli {
namespace {

// Speeds of one phase and their shares of the limit that binds it.
struct PhaseResult {
  std::vector<double> seconds, shares, limits;
};

class BenchVerb final : public Verb {
public:
  const char *name() const override { return "bench"; }
  const char *summary() const override { return "Measure an engine against this machine's limits"; }
  const char *examples() const override {
    return "  tenon bench m.tenon\n"
           "  tenon bench m.tenon --prompt 512 --batch 4 --context 1024 --reps 15\n"
           "  tenon bench m.tenon --kernels\n"
           "  tenon bench m.tenon --json > bench.json\n";
  }
  void declare(CLI::App &app) override {
    flags_.declare(app);
    app.add_option("--prompt", prompt_, "Tokens of the prompt in a prefill")
        ->default_str("128")
        ->check(CLI::PositiveNumber);
    app.add_option("--batch", batch_, "Sequences that decode at once")->default_str("1")->check(CLI::PositiveNumber);
    app.add_option("--context", context_, "Tokens that each sequence holds when decoding begins")->default_str("64");
    app.add_option("--steps", steps_, "Decode steps in a repetition")->default_str("16")->check(CLI::PositiveNumber);
    app.add_option("--reps", reps_, "Repetitions of each phase")->default_str("9")->check(CLI::Range(1, 1000));
    app.add_flag("--kernels", kernels_, "Time every kernel too");
    app.add_flag("--json", json_, "One JSON object");
  }

  Status run(Terminal &terminal) override {
    TENON_TRY(measureLoad());
    TENON_ASSIGN(engine_, flags_.open());
    // Warm up before the probe exists: its buffer must not count as the engine's memory.
    {
      TENON_ASSIGN(Workload warm, Workload::create(*engine_, batch_, context_));
      TENON_ASSIGN(const double prefill, warm.prefill(prompt_));
      TENON_ASSIGN(const double decode, warm.decode(2));
      (void)prefill, (void)decode;
    }
    peakRss_ = cpu::peakResidentMemory();
    cpu::ThreadPoolOptions poolOptions;
    poolOptions.workers = engine_->threads();
    if (!flags_.cpuset.empty()) {
      TENON_ASSIGN(poolOptions.cpus, cpu::parseCpuList(flags_.cpuset));
    }
    TENON_ASSIGN(const auto pool, cpu::ThreadPool::create(poolOptions));
    cpu::Probe probe(*pool);
    const cpu::CpuTimes before = cpu::readCpuTimes();
    TENON_ASSIGN(limits_, probe.measure(3));
    TENON_TRY(measure(probe));
    stolen_ = cpu::stolenShare(before, cpu::readCpuTimes());
    if (kernels_)
      TENON_TRY(timeKernels());
    json_ ? printJson() : printText(terminal);
    return Status::ok();
  }

private:
  Status measureLoad() {
    // Once to bring the file into the page cache, once to time.
    for (int i = 0; i < 2; ++i) {
      const auto start = std::chrono::steady_clock::now();
      TENON_ASSIGN(const auto engine, flags_.open());
      loadMs_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }
    return Status::ok();
  }

  // The better of the two floating-point peaks: what the arithmetic of 16-bit weights can reach.
  cpu::Limit floatLimit() const {
    return limits_.bf16FlopsPerSecond > limits_.f32FlopsPerSecond ? cpu::Limit::Bf16 : cpu::Limit::F32;
  }

  Status measure(cpu::Probe &probe) {
    TENON_ASSIGN(Workload work, Workload::create(*engine_, batch_, context_));
    const StepCost step = stepCost(*engine_, batch_, batch_, context_ + steps_ / 2);
    const StepCost prompt = stepCost(*engine_, prompt_, 1, 0);
    for (uint32_t rep = 0; rep < reps_; ++rep) {
      TENON_TRY(pair(probe, cpu::Limit::Read, static_cast<double>(step.bytes()) * steps_, decode_,
                     [&] { return work.decode(steps_); }));
      TENON_TRY(pair(probe, floatLimit(), static_cast<double>(prompt.flops), prefill_,
                     [&] { return work.prefill(prompt_); }));
    }
    return Status::ok();
  }

  // burst, work, burst; `amount` bytes or operations are done by `work`.
  template <typename Work>
  Status pair(cpu::Probe &probe, cpu::Limit limit, double amount, PhaseResult &result, Work work) {
    TENON_ASSIGN(const double before, probe.burst(limit));
    TENON_ASSIGN(const double seconds, work());
    TENON_ASSIGN(const double after, probe.burst(limit));
    const double limitRate = (before + after) / 2;
    result.seconds.push_back(seconds);
    result.limits.push_back(limitRate);
    result.shares.push_back(amount / seconds / limitRate);
    return Status::ok();
  }

  Status timeKernels() {
    TENON_ASSIGN(Workload work, Workload::create(*engine_, batch_, context_));
    for (auto [table, phase] : {std::pair(&decodeKernels_, 0), std::pair(&prefillKernels_, 1)}) {
      engine_->timeKernels(true);
      for (uint32_t rep = 0; rep < reps_; ++rep) {
        TENON_ASSIGN(const double seconds, phase == 0 ? work.decode(steps_) : work.prefill(prompt_));
        (void)seconds;
      }
      *table = kernelRows(*engine_);
      engine_->timeKernels(false);
    }
    return Status::ok();
  }

  double perSecond(const PhaseResult &result, double amount) const { return amount / spreadOf(result.seconds).median; }

  void printText(Terminal &terminal) const {
    const StepCost step = stepCost(*engine_, batch_, batch_, context_ + steps_ / 2);
    const StepCost prompt = stepCost(*engine_, prompt_, 1, 0);
    const Spread d = spreadOf(decode_.shares), p = spreadOf(prefill_.shares);
    const double decodeTokens = perSecond(decode_, static_cast<double>(steps_) * batch_);
    std::printf("%s on %s, %u threads\n", flags_.path.c_str(), engine_->variant().target()->c_str(),
                engine_->threads());
    std::printf("prefill  %u tokens  %.1f tok/s  %.1f GFLOP/s  %.0f %% of %.1f GFLOP/s (%s)  [%.0f-%.0f, %zu pairs]\n",
                prompt_, perSecond(prefill_, prompt_), perSecond(prefill_, static_cast<double>(prompt.flops)) / 1e9,
                100 * p.median, spreadOf(prefill_.limits).median / 1e9,
                floatLimit() == cpu::Limit::Bf16 ? limits_.bf16Isa.c_str() : limits_.f32Isa.c_str(), 100 * p.low,
                100 * p.high, p.count);
    std::printf("decode   batch %u  ctx %u  %.1f tok/s  %.2f GB/s  %.0f %% of %.1f GB/s  [%.0f-%.0f, %zu pairs]\n",
                batch_, context_, decodeTokens, perSecond(decode_, static_cast<double>(step.bytes()) * steps_) / 1e9,
                100 * d.median, spreadOf(decode_.limits).median / 1e9, 100 * d.low, 100 * d.high, d.count);
    const MemoryUse memory = engine_->memory();
    std::printf("memory   weights %s  kv %s  io %s  arena %s  peak resident %s\n", formatBytes(memory.weights).c_str(),
                formatBytes(memory.kv).c_str(), formatBytes(memory.io).c_str(), formatBytes(memory.arena).c_str(),
                formatBytes(peakRss_).c_str());
    std::printf("load     %.1f ms  (steal %.1f %%)\n", loadMs_, 100 * stolen_);
    if (kernels_) {
      printKernels("decode", decodeKernels_);
      printKernels("prefill", prefillKernels_);
    }
    if (stolen_ > 0.02)
      terminal.warn("other tenants took more than 2 % of the processor time: repeat on a quieter machine");
  }

  static void writeSpread(JsonWriter &json, const char *name, const Spread &s) {
    json.key(name)
        .beginObject()
        .field("median", s.median)
        .field("low", s.low)
        .field("high", s.high)
        .field("pairs", s.count)
        .endObject();
  }

  void printJson() const {
    const StepCost step = stepCost(*engine_, batch_, batch_, context_ + steps_ / 2);
    const StepCost prompt = stepCost(*engine_, prompt_, 1, 0);
    const double tokensPerStep = static_cast<double>(steps_) * batch_;
    JsonWriter json;
    json.beginObject()
        .field("schema_version", 1)
        .field("engine", flags_.path)
        .field("target", engine_->variant().target()->string_view());
    json.field("threads", engine_->threads()).key("prefill").beginObject().field("tokens", prompt_);
    json.field("tokens_per_s", perSecond(prefill_, prompt_)).field("flops", prompt.flops);
    writeSpread(json, "share_of_flops", spreadOf(prefill_.shares));
    json.endObject().key("decode").beginObject().field("batch", batch_).field("context", context_);
    json.field("tokens_per_s", perSecond(decode_, tokensPerStep)).field("bytes_per_step", step.bytes());
    writeSpread(json, "share_of_read", spreadOf(decode_.shares));
    json.endObject().key("limits").beginObject().field("read_bytes_per_s", limits_.readBytesPerSecond);
    json.field("int8_ops_per_s", limits_.int8OpsPerSecond).field("bf16_flops_per_s", limits_.bf16FlopsPerSecond);
    json.field("f32_flops_per_s", limits_.f32FlopsPerSecond).endObject();
    json.field("load_ms", loadMs_).field("peak_rss_bytes", peakRss_).field("stolen", stolen_);
    if (kernels_) {
      writeKernels(json, "decode_kernels", decodeKernels_);
      writeKernels(json, "prefill_kernels", prefillKernels_);
    }
    std::printf("%s\n", json.endObject().text().c_str());
  }

  EngineFlags flags_;
  uint32_t prompt_ = 128, batch_ = 1, context_ = 64, steps_ = 16, reps_ = 9;
  bool kernels_ = false, json_ = false;
  std::unique_ptr<Engine> engine_;
  cpu::Limits limits_;
  PhaseResult prefill_, decode_;
  std::vector<KernelRow> decodeKernels_, prefillKernels_;
  double loadMs_ = 0, stolen_ = 0;
  uint64_t peakRss_ = 0;
};

} // namespace

std::unique_ptr<Verb> makeBenchVerb() { return std::make_unique<BenchVerb>(); }

} // namespace tenon::cli
