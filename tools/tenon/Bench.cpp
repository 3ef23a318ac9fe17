// tenon bench: prefill and decode speed as shares of what this machine can do, measured in the same minutes; with --vs
// two engines in turn.
#include "tools/cli/JsonWriter.h"
#include "tools/tenon/BenchReport.h"
#include "tools/tenon/Verbs.h"

#include <optional>

namespace tenon::cli {
namespace {

std::string modelOf(const BenchSubject &subject) {
  const schema::ModelInfo &m = *subject.engine().file().metadata().model();
  return subject.path() + " has " + std::to_string(m.layers()) + " layers, hidden " + std::to_string(m.hidden()) +
         ", " + std::to_string(m.heads()) + " heads, vocabulary " + std::to_string(m.vocab()) + ", " +
         std::to_string(m.parameters()) + " parameters";
}

void warnOfOtherModel(const BenchSubject &subject, const BenchSubject &versus, Terminal &terminal) {
  const schema::ModelInfo &a = *subject.engine().file().metadata().model(),
                          &b = *versus.engine().file().metadata().model();
  if (a.layers() != b.layers() || a.hidden() != b.hidden() || a.heads() != b.heads() || a.vocab() != b.vocab() ||
      a.parameters() != b.parameters())
    terminal.warn("the ratios compare two models, not two engines of one: " + modelOf(subject) + "; " +
                  modelOf(versus));
}

class BenchVerb final : public Verb {
public:
  const char *name() const override { return "bench"; }
  const char *summary() const override { return "Measure an engine against this machine's limits"; }
  const char *examples() const override {
    return "  tenon bench m.tenon\n"
           "  tenon bench m.tenon --prompt 512 --batch 4 --context 1024 --reps 15\n"
           "  tenon bench m.tenon --kernels\n"
           "  tenon bench --vs bf16.tenon int4.tenon\n"
           "  tenon bench m.tenon --json > bench.json\n";
  }
  void declare(CLI::App &app) override {
    flags_.declare(app);
    app.add_option("--vs", versus_, "Another engine, measured in turn with this one");
    app.add_option("--prompt", shape_.prompt, "Tokens of the prompt in a prefill")
        ->default_str("128")
        ->check(CLI::PositiveNumber);
    app.add_option("--batch", shape_.batch, "Sequences that decode at once")
        ->default_str("1")
        ->check(CLI::PositiveNumber);
    app.add_option("--context", shape_.context, "Tokens that each sequence holds when decoding begins")
        ->default_str("64");
    app.add_option("--steps", shape_.steps, "Decode steps in a repetition")
        ->default_str("16")
        ->check(CLI::PositiveNumber);
    app.add_option("--reps", shape_.reps, "Repetitions of each phase")->default_str("9")->check(CLI::Range(1, 1000));
    app.add_flag("--kernels", report_.kernels, "Time every kernel too, beside what the limits predict");
    app.add_flag("--json", json_, "One JSON object");
  }

  Status run(Terminal &terminal) override {
    // Warm before the probe exists: its buffer must not count as the engine's memory.
    TENON_ASSIGN(BenchSubject subject, BenchSubject::open(flags_, shape_));
    std::optional<BenchSubject> versus;
    if (!versus_.empty()) {
      EngineFlags flags = flags_;
      flags.path = versus_;
      TENON_ASSIGN(versus, BenchSubject::open(flags, shape_));
    }
    if (versus)
      warnOfOtherModel(subject, *versus, terminal);
    cpu::ThreadPoolOptions poolOptions;
    poolOptions.workers = subject.engine().threads();
    if (!flags_.cpuset.empty()) {
      TENON_ASSIGN(poolOptions.cpus, cpu::parseCpuList(flags_.cpuset));
    }
    TENON_ASSIGN(const auto pool, cpu::ThreadPool::create(poolOptions));
    cpu::Probe probe(*pool);
    const cpu::CpuTimes before = cpu::readCpuTimes();
    TENON_ASSIGN(report_.limits, probe.measure(3));
    for (uint32_t rep = 0; rep < shape_.reps; ++rep) {
      TENON_TRY(subject.repeat(probe, report_.limits));
      if (versus)
        TENON_TRY(versus->repeat(probe, report_.limits));
    }
    report_.stolen = cpu::stolenShare(before, cpu::readCpuTimes());
    if (report_.kernels) {
      TENON_TRY(subject.timeKernels());
      if (versus)
        TENON_TRY(versus->timeKernels());
    }
    report_.shape = shape_;
    const BenchSubject *other = versus ? &*versus : nullptr;
    json_ ? printJson(report_, subject, other) : printText(report_, subject, other, terminal);
    return Status::ok();
  }

private:
  EngineFlags flags_;
  std::string versus_;
  BenchShape shape_;
  BenchReport report_;
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeBenchVerb() { return std::make_unique<BenchVerb>(); }

} // namespace tenon::cli
