#include "tools/tenon/BenchSubject.h"

#include "runtime/device/cpu/Memory.h"

#include <algorithm>
#include <chrono>

namespace tenon::cli {

double PhaseResult::amount() const {
  return steps * static_cast<double>(limit == cpu::Limit::Read ? cost.bytes() : cost.operations);
}

// What cannot be measured is said before anything is timed.
static Status checkRoom(const std::string &path, const EngineLimits &limits, const BenchShape &shape) {
  auto refuse = [&](const std::string &asked, const std::string &room) {
    return Status(Code::Constraint, asked + ": the engine '" + path + "' has room for " + room);
  };
  const std::string tokens = std::to_string(limits.maxContext) + " tokens in a sequence";
  if (shape.batch > limits.maxSequences)
    return refuse("--batch " + std::to_string(shape.batch), std::to_string(limits.maxSequences) + " sequences");
  if (shape.prompt > limits.maxContext)
    return refuse("--prompt " + std::to_string(shape.prompt), tokens);
  const uint64_t decoded = uint64_t(shape.context) + shape.steps;
  if (decoded > limits.maxContext)
    return refuse("--context " + std::to_string(shape.context) + " and --steps " + std::to_string(shape.steps), tokens);
  auto pagesOf = [&](uint64_t held) { return (held + limits.pageTokens - 1) / limits.pageTokens; };
  // All sequences decode together; a prompt takes the first one's place.
  const uint64_t pages =
      std::max(shape.batch * pagesOf(decoded), pagesOf(shape.prompt) + (shape.batch - 1) * pagesOf(shape.context));
  if (pages > limits.pages)
    return refuse("--batch, --context, --steps and --prompt take " + std::to_string(pages) + " pages of " +
                      std::to_string(limits.pageTokens) + " tokens",
                  std::to_string(limits.pages));
  return Status::ok();
}

Result<BenchSubject> BenchSubject::open(const EngineFlags &flags, const BenchShape &shape) {
  BenchSubject subject;
  subject.path_ = flags.path;
  subject.shape_ = shape;
  // Once to bring the file into the page cache, once to time.
  for (int i = 0; i < 2; ++i) {
    subject.engine_.reset();
    const auto start = std::chrono::steady_clock::now();
    TENON_ASSIGN(subject.engine_, flags.open());
    subject.loadMs_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    TENON_TRY(checkRoom(flags.path, subject.engine_->limits(), shape));
  }
  Engine &engine = *subject.engine_;
  TENON_ASSIGN(Workload work, Workload::create(engine, shape.batch, shape.context));
  subject.work_ = std::make_unique<Workload>(std::move(work));
  subject.prefill_.cost = stepCost(engine, StepRows::prefill(shape.prompt));
  subject.prefill_.limit = subject.prefill_.cost.arithmetic;
  subject.prefill_.tokens = shape.prompt;
  subject.decode_.cost = stepCost(engine, StepRows::decode(shape.batch, shape.context + shape.steps / 2));
  subject.decode_.steps = shape.steps;
  subject.decode_.tokens = static_cast<double>(shape.steps) * shape.batch;
  for (PhaseResult *phase : {&subject.prefill_, &subject.decode_})
    TENON_TRY(subject.run(*phase).status());
  subject.peakRss_ = cpu::peakResidentMemory();
  return subject;
}

Result<double> BenchSubject::run(PhaseResult &phase) {
  if (&phase == &decode_)
    return work_->decode(shape_.steps);
  TENON_ASSIGN(const double seconds, work_->prefill(shape_.prompt));
  TENON_TRY(work_->refill());
  return seconds;
}

Status BenchSubject::repeat(cpu::Probe &probe, const cpu::Limits &limits) {
  TENON_TRY(repeat(probe, limits, decode_));
  return repeat(probe, limits, prefill_);
}

// Limits that make up less of the roofline than this are not worth a burst.
static constexpr double kWorthABurst = 0.02;

Status BenchSubject::repeat(cpu::Probe &probe, const cpu::Limits &limits, PhaseResult &phase) {
  double byLimit[4] = {};
  for (const Work &work : phase.cost.launches) {
    const double reading = work.bytes / limits.readBytesPerSecond, all = work.seconds(limits);
    byLimit[static_cast<int>(all > reading ? work.arithmetic : cpu::Limit::Read)] += all;
  }
  const double total = phase.cost.seconds(limits);
  std::vector<cpu::Limit> asked;
  for (cpu::Limit limit : {cpu::Limit::Read, cpu::Limit::F32, cpu::Limit::Bf16, cpu::Limit::Int8})
    if (limit == phase.limit || byLimit[static_cast<int>(limit)] > kWorthABurst * total)
      asked.push_back(limit);

  cpu::Limits around = limits;
  for (cpu::Limit limit : asked) {
    TENON_ASSIGN(rateOf(around, limit), probe.burst(limit));
  }
  TENON_ASSIGN(const double seconds, run(phase));
  for (cpu::Limit limit : asked) {
    TENON_ASSIGN(const double after, probe.burst(limit));
    rateOf(around, limit) = (rateOf(around, limit) + after) / 2;
  }
  phase.seconds.push_back(seconds);
  phase.limits.push_back(rateOf(around, phase.limit));
  phase.shares.push_back(phase.amount() / seconds / rateOf(around, phase.limit));
  phase.rooflines.push_back(phase.steps * phase.cost.seconds(around) / seconds);
  return Status::ok();
}

Status BenchSubject::timeKernels() {
  engine_->timeKernels(true);
  for (uint32_t rep = 0; rep < shape_.reps; ++rep)
    TENON_TRY(work_->decode(shape_.steps).status());
  decodeKernels_ = kernelRows(*engine_, decode_.cost, decode_.steps * shape_.reps);
  // The context is refilled with the clock off: those steps are no part of a prompt.
  engine_->timeKernels(true);
  for (uint32_t rep = 0; rep < shape_.reps; ++rep)
    TENON_TRY(work_->prefill(shape_.prompt).status());
  prefillKernels_ = kernelRows(*engine_, prefill_.cost, prefill_.steps * shape_.reps);
  engine_->timeKernels(false);
  return work_->refill();
}

} // namespace tenon::cli
