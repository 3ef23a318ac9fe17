#include "runtime/program/Executor.h"

#include <chrono>
#include <cstring>

namespace tenon {

void *Regions::resolve(const schema::Slice &slice) const {
  switch (slice.region()) {
  case schema::Region::Weights:
    return const_cast<uint8_t *>(weights[slice.index()]) + slice.offset();
  case schema::Region::Kv:
    return kv + slice.offset();
  case schema::Region::Io:
    return io + slice.offset();
  case schema::Region::Arena:
    return arena + slice.offset();
  }
  assert(false && "the engine was verified");
  return nullptr;
}

Result<Executor> Executor::create(const schema::Variant &variant, const cpu::CodeModule &code, const Regions &regions) {
  std::vector<Kernel> kernels;
  for (const schema::Kernel *kernel : *variant.kernels()) {
    TENON_ASSIGN(void *symbol, code.symbol(kernel->symbol()->str()));
    kernels.push_back(reinterpret_cast<Kernel>(symbol));
  }

  Executor executor;
  for (const schema::Program *program : *variant.programs()) {
    uint32_t begin = executor.steps_.size();
    for (const schema::Step *step : *program->steps()) {
      Step resolved{nullptr, 0, static_cast<uint32_t>(executor.args_.size()), 0};
      switch (step->kind()) {
      case schema::StepKind::Launch:
        resolved.kernelIndex = step->kernel();
        resolved.kernel = kernels[step->kernel()];
        break;
      case schema::StepKind::Copy:
        resolved.copyBytes = step->args()->Get(0)->bytes();
        break;
      case schema::StepKind::Collective:
        return Status(Code::Unsupported, "the engine is compiled for several ranks, this runtime runs one\n  compile "
                                         "it with --tp 1");
      }
      for (const schema::Slice *slice : *step->args())
        executor.args_.push_back(regions.resolve(*slice));
      executor.steps_.push_back(resolved);
    }
    executor.programs_.push_back({begin, static_cast<uint32_t>(executor.steps_.size())});
  }
  executor.times_.resize(kernels.size());
  return executor;
}

void Executor::launch(const Step &step, cpu::ThreadPool &pool) {
  Kernel kernel = step.kernel;
  void *const *args = args_.data() + step.firstArg;
  pool.run([kernel, args](uint32_t worker, uint32_t workers) { kernel(args, worker, workers); });
}

void Executor::run(uint32_t program, cpu::ThreadPool &pool) {
  using Clock = std::chrono::steady_clock;
  for (uint32_t i = programs_[program].begin; i < programs_[program].end; ++i) {
    const Step &step = steps_[i];
    if (!step.kernel) {
      std::memcpy(args_[step.firstArg], args_[step.firstArg + 1], step.copyBytes);
    } else if (timed_) {
      Clock::time_point begin = Clock::now();
      launch(step, pool);
      KernelTime &time = times_[step.kernelIndex];
      time.nanoseconds += std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
      ++time.launches;
    } else {
      launch(step, pool);
    }
  }
}

void Executor::timeKernels(bool on) {
  timed_ = on;
  if (on)
    times_.assign(times_.size(), {});
}

} // namespace tenon
