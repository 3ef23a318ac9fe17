#include "test/codegen/LaunchTiming.h"

#include "llvm/Support/ErrorHandling.h"

#include <chrono>

using namespace tenon;
using namespace tenon::test;

static double secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

LoadedKernel::LoadedKernel(const KernelCase &kernel, kernel::TargetAttr target) {
  const Execution execution = executionFor(target);
  auto image = codegen::cpu::compileKernels(kernel.module(), execution.machine, 1, execution.rewrite);
  if (failed(image))
    llvm::report_fatal_error("the kernel does not compile");
  auto loaded = cpu::CodeModule::load(std::span(reinterpret_cast<const uint8_t *>(image->data()), image->size()), "k");
  if (!loaded.isOk())
    llvm::report_fatal_error(loaded.status().message().c_str());
  code.emplace(*std::move(loaded));
  function = reinterpret_cast<Function>(*code->symbol("k"));
}

// Seconds of one launch.
double LoadedKernel::burst(cpu::ThreadPool &pool, const std::function<void *const *()> &next) const {
  cpu::ThreadPool::Active active(pool, cpu::ThreadPool::Participants::All);
  const double begin = secondsNow();
  double end;
  int64_t launches = 0;
  do {
    launch(pool, next());
    ++launches, end = secondsNow();
  } while (end - begin < 0.05);
  return (end - begin) / static_cast<double>(launches);
}

LaunchTimes LoadedKernel::time(cpu::ThreadPool &pool, cpu::Probe &probe, cpu::Limit peak, unsigned pairs,
                               LaunchCost cost, const std::function<void *const *()> &next) const {
  burst(pool, next);
  LaunchTimes times;
  for (unsigned pair = 0; pair < pairs; ++pair) {
    const double readRate = *probe.burst(cpu::Limit::Read), peakRate = *probe.burst(peak), seconds = burst(pool, next);
    times.seconds.push_back(seconds);
    times.readShares.push_back(cost.bytes / seconds / readRate);
    times.peakShares.push_back(cost.flops / seconds / peakRate);
  }
  return times;
}
