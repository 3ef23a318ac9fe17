// Speed of compiled kernels as a share of what the machine can do: GB/s of weights and GFLOP/s, each repetition next to
// probe bursts on the same workers.
//
//   KernelBench [--filter TEXT] [--workers N] [--target SPEC] [--pairs N] [--rows R --panels P --depth D --prefetch B]
//   [--format #qt.q4_0 --row-group 32] [--cached] [--asm]
//
// Weights are read from as many copies as pass 384 MiB, one after another, so that no cache holds them.
#include "test/codegen/LaunchOperands.h"
#include "test/codegen/LaunchTiming.h"
#include "test/codegen/LinearText.h"
#include "tools/tenon/Spread.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::test;
using tenon::cli::spreadOf;

namespace {
// Plain values: linking kernels resets every option of LLVM's command line.
struct Options {
  std::string filter, spec, format;
  unsigned threads, pairs;
  int64_t rows, panels, depth, prefetch, rowGroup;
  bool cached, printAsm;

  static Options parse(int argc, char **argv) {
    static llvm::cl::opt<std::string> filter("filter", llvm::cl::desc("only cases whose name/rows/ contains this"));
    static llvm::cl::opt<std::string> spec("target", llvm::cl::init("cpu:native"));
    static llvm::cl::opt<std::string> format("format", llvm::cl::init("bf16"),
                                             llvm::cl::desc("of the weights: bf16, or a scheme such as #qt.q4_0"));
    static llvm::cl::opt<int64_t> rowGroup("row-group", llvm::cl::init(0), llvm::cl::desc("of 8-bit activations"));
    static llvm::cl::opt<unsigned> workers("workers", llvm::cl::init(1));
    static llvm::cl::opt<unsigned> pairs("pairs", llvm::cl::init(7),
                                         llvm::cl::desc("repetitions, each next to probe bursts"));
    static llvm::cl::opt<int64_t> rows("rows", llvm::cl::init(-1)), panels("panels", llvm::cl::init(-1)),
        depth("depth", llvm::cl::init(-1)), prefetch("prefetch", llvm::cl::init(-1));
    static llvm::cl::opt<bool> cached("cached", llvm::cl::desc("one copy of the weights, which a cache may hold"));
    static llvm::cl::opt<bool> printAsm("asm", llvm::cl::desc("print the kernel's assembly instead"));
    llvm::cl::ParseCommandLineOptions(argc, argv, "Speed of compiled linear kernels\n");
    return {filter, spec, format, workers, pairs, rows, panels, depth, prefetch, rowGroup, cached, printAsm};
  }
};

struct Case {
  const char *name;
  LinearText kernel;
};

// TinyLlama-1.1B: hidden 2048, 4 x 64 key and value outputs, 5632 in the MLP.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (int64_t rows : {1, 2, 4, 8, 16, 64, 128, 512}) {
    auto add = [&](const char *name, LinearText text) {
      text.rows = rows;
      all.push_back({name, text});
    };
    add("qkv", {.inputs = 2048, .outputs = {2048, 256, 256}, .norm = rows <= 4});
    add("o", {.inputs = 2048, .outputs = {2048}, .residual = true, .quantize = rows <= 4});
    add("gate-up", {.inputs = 2048, .outputs = {5632}, .norm = rows <= 4, .gateUp = true, .narrowOut = true});
    add("down", {.inputs = 5632, .outputs = {2048}, .residual = true, .quantize = rows <= 2});
  }
  return all;
}

class Runner {
public:
  Runner(const Options &options, cpu::ThreadPool &pool, cpu::Probe &probe, kernel::TargetAttr target)
      : options(options), pool(pool), probe(probe), target(target) {}

  bool run(const char *name, LinearText text, const std::string &dot) {
    text.weight = options.format;
    text.rowGroup = options.rowGroup;
    text.narrow = dot != "fma" && !text.quantized();
    text.narrowOut = text.narrowOut && text.narrow;
    KernelCase kernel(text.text());
    kernel.setTarget(target);
    kernel::TilingAttr tiling = *kernel.func().getTiling();
    auto pick = [](int64_t given, int64_t chosen) { return given < 0 ? chosen : given; };
    int64_t panels = pick(options.panels, tiling.getPanels());
    kernel.setTarget(target, kernel::TilingAttr::get(&context(), tiling.getDot(), pick(options.rows, tiling.getRows()),
                                                     panels, pick(options.depth, tiling.getDepth()), panels,
                                                     pick(options.prefetch, tiling.getPrefetch())));
    if (options.printAsm) {
      auto text =
          codegen::cpu::printKernels(kernel.module(), codegen::cpu::Machine::of(target), codegen::cpu::Stage::Assembly);
      printf("%s", text->c_str());
      return true;
    }
    const LoadedKernel loaded(kernel, target);

    LaunchOperands operands(kernel.func().getFunctionType(), options.cached ? 0 : 384 << 20, pool);
    cpu::Limit peakLimit = text.quantized() ? cpu::Limit::Int8 : dot == "fma" ? cpu::Limit::F32 : cpu::Limit::Bf16;
    const double bytes = text.weightBytes(), flops = text.flops();
    const LaunchTimes times =
        loaded.time(pool, probe, peakLimit, options.pairs, {bytes, flops}, [&] { return operands.next(); });
    const double seconds = spreadOf(times.seconds).median;
    printf("%-8s rows %3lld  %s %-5s %u thr  %6.1f GB/s %5.1f %%read  %7.1f GFLOP/s %5.1f %%peak\n", name,
           static_cast<long long>(text.rows), target.getSpec().str().c_str(), tiling.getDot().str().c_str(),
           pool.workers(), bytes / seconds / 1e9, 100 * spreadOf(times.readShares).median, flops / seconds / 1e9,
           100 * spreadOf(times.peakShares).median);
    fflush(stdout);
    return true;
  }

private:
  const Options &options;
  cpu::ThreadPool &pool;
  cpu::Probe &probe;
  kernel::TargetAttr target;
};
} // namespace

int main(int argc, char **argv) {
  Options options = Options::parse(argc, argv);
  auto pool = cpu::ThreadPool::create(cpu::ThreadPoolOptions{options.threads, {}, true});
  if (!pool.isOk())
    return fprintf(stderr, "%s\n", pool.status().message().c_str()), 1;
  cpu::Probe probe(**pool);
  kernel::TargetAttr resolved = target(options.spec);
  if (!options.printAsm) {
    auto limits = probe.measure(3);
    printf(
        "limits of %u threads: read %.1f GB/s, int8 %.0f GOP/s (%s), bf16 %.0f GFLOP/s (%s), f32 %.0f GFLOP/s (%s)\n",
        options.threads, limits->readBytesPerSecond / 1e9, limits->int8OpsPerSecond / 1e9, limits->int8Isa.c_str(),
        limits->bf16FlopsPerSecond / 1e9, limits->bf16Isa.c_str(), limits->f32FlopsPerSecond / 1e9,
        limits->f32Isa.c_str());
  }
  Runner runner(options, **pool, probe, resolved);
  bool ok = true;
  for (const Case &c : cases()) {
    std::string name = std::string(c.name) + "/" + std::to_string(c.kernel.rows);
    if (llvm::StringRef(name + "/").contains(options.filter))
      ok &= runner.run(c.name, c.kernel, resolved.getDot().str());
  }
  return ok ? 0 : 1;
}
