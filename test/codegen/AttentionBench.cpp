// Speed of compiled attention kernels: time per launch, GB/s of keys and values as a share of the machine's read
// bandwidth, and GFLOP/s as a share of its f32 peak, each repetition next to probe bursts on the same workers.
//
//   AttentionBench [--filter TEXT] [--workers N] [--target SPEC] [--pairs N] [--cache f32|f16|bf16|i8] [--wide]
//                 [--resident] [--scattered]
//
// A target with a bf16 multiplier uses it where the cache is bf16, unless --wide; then the peak is that of bf16.
// Short steps read from as many copies of the cache as pass 256 MiB, one after another: in a model other layers and the
// weights come between two launches, so that no cache of the CPU holds them. --resident reads one copy again and again.
// Pages follow each other, as one sequence gets them from a fresh pool, or with --scattered stand in any order.
#include "test/codegen/AttentionText.h"
#include "test/codegen/LaunchTiming.h"
#include "tools/tenon/Spread.h"
#include "llvm/Support/CommandLine.h"
#include <algorithm>
#include <cstring>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;
using tenon::cli::spreadOf;

namespace {
constexpr int64_t kSpan = 256; // attention_span of the targets

struct Options {
  std::string filter, spec, cache;
  unsigned workers, pairs;
  bool wide, resident, scattered;

  static Options parse(int argc, char **argv) {
    static llvm::cl::opt<std::string> filter("filter", llvm::cl::desc("only cases whose name contains this"));
    static llvm::cl::opt<std::string> spec("target", llvm::cl::init("cpu:native"));
    static llvm::cl::opt<std::string> cache("cache", llvm::cl::init("bf16"),
                                            llvm::cl::desc("element type of the cache"));
    static llvm::cl::opt<unsigned> workers("workers", llvm::cl::init(1)), pairs("pairs", llvm::cl::init(7));
    static llvm::cl::opt<bool> wide("wide", llvm::cl::desc("multiply in f32 whatever the target has")),
        resident("resident", llvm::cl::desc("read the same cache every time")),
        scattered("scattered", llvm::cl::desc("pages in any order"));
    llvm::cl::ParseCommandLineOptions(argc, argv, "Speed of compiled attention kernels\n");
    return {filter, spec, cache, workers, pairs, wide, resident, scattered};
  }
};

// `rows` tokens at the end of `context` in one sequence.
struct Case {
  std::string name;
  AttentionText kernel;
  int64_t context;

  int64_t rows() const { return kernel.tokens; }
  double flops() const { // of the tokens that each row sees
    double seen = rows() * (context - (rows() - 1) / 2.0);
    return 4.0 * kernel.heads * kernel.headDim * seen;
  }
  // As engines do it: in spans where the context is longer, split in steps of one row (the joining of the parts, a
  // launch of a microsecond, is not in the figure).
  bool split() const { return kernel.span && rows() == 1; }
  std::string text() const { return split() ? kernel.partialText() : kernel.text(); }
  int64_t resultFloats() const { return rows() * kernel.heads * (kernel.headDim + 2) * (split() ? kernel.spans() : 1); }
  // A token's key of one head.
  int64_t tokenBytes() const {
    if (kernel.cacheType == "i8")
      return kernel.headDim + 4;
    return kernel.headDim * (kernel.cacheType == "f32" ? 4 : 2);
  }
  int64_t cacheBytes() const { return context * kernel.kvHeads * tokenBytes(); } // of keys
};

std::vector<Case> cases(const std::string &cacheType, bool narrow) {
  std::vector<Case> all;
  struct Heads {
    const char *name;
    int64_t heads, kvHeads, headDim;
  };
  for (Heads h :
       {Heads{"tinyllama", 32, 4, 64}, {"llama-3.2-1b", 32, 8, 64}, {"mqa", 16, 1, 128}, {"mha", 32, 32, 64}}) {
    auto add = [&](const char *kind, int64_t rows, int64_t context) {
      AttentionText text{
          .tokens = rows, .segments = rows, .heads = h.heads, .kvHeads = h.kvHeads, .headDim = h.headDim};
      text.pagesPerSlot = llvm::divideCeil(context, text.pageTokens);
      text.cacheType = cacheType;
      text.narrow = narrow;
      text.span = context > kSpan ? kSpan : 0;
      all.push_back({std::string(h.name) + "/" + kind + "/" + std::to_string(context), text, context});
    };
    for (int64_t tokens : {128, 512})
      add("prefill", tokens, tokens);
    add("prefill-end", 256, 4096);
    for (int64_t context : {64, 1024, 4096})
      add("decode", 1, context);
  }
  return all;
}

// Operands of one launch after another, in one block of memory.
class Operands {
public:
  Operands(const Case &c, cpu::ThreadPool &pool, const Options &options) {
    int64_t rowBytes = c.rows() * c.kernel.heads * c.kernel.headDim * 4;
    int64_t pageBytes = c.kernel.pageTokens * c.kernel.kvHeads * c.tokenBytes();
    int64_t resultBytes = llvm::alignTo(c.resultFloats() * 4, 4096),
            numberBytes = c.resultFloats() * 4 / (c.kernel.headDim + 2);
    int64_t sideBytes = c.kernel.pagesPerSlot * pageBytes,
            copies = options.resident ? 1 : std::max<int64_t>(1, (256 << 20) / (2 * sideBytes));
    int64_t tables = llvm::alignTo(c.rows() * 16 + c.kernel.pagesPerSlot * 4 + 64, 4096);
    auto allocated = cpu::Memory::allocate(
        llvm::alignTo(rowBytes, 4096) + resultBytes + tables + copies * 2 * sideBytes, "benchmark");
    if (!allocated.isOk())
      llvm::report_fatal_error(allocated.status().message().c_str());
    memory = std::move(*allocated);
    memory.prefault(pool);
    uint8_t *query = memory.data(), *result = query + llvm::alignTo(rowBytes, 4096), *table = result + resultBytes;
    auto *segments = reinterpret_cast<int32_t *>(table), *blocks = segments + llvm::alignTo(c.rows() * 4, 16);
    const int32_t segment[4] = {0, 0, static_cast<int32_t>(c.rows()), static_cast<int32_t>(c.context)};
    memset(segments, 0, c.rows() * 16);
    memcpy(segments, segment, sizeof segment);
    std::iota(blocks, blocks + c.kernel.pagesPerSlot, 0);
    if (options.scattered)
      std::shuffle(blocks, blocks + c.kernel.pagesPerSlot, std::mt19937(1));
    // Any numbers will do that are neither huge nor vanishing: 0x3c.. is about 0.01 in each of the types.
    memset(query, 0x3c, rowBytes);
    memset(table + tables, 0x3c, copies * 2 * sideBytes);
    for (int64_t copy = 0; copy < copies; ++copy) {
      uint8_t *keys = table + tables + copy * 2 * sideBytes;
      launches.push_back({query, keys, keys + sideBytes, segments, blocks, result});
      if (c.split()) { // the largest scores and the sums
        uint8_t *numbers = result + c.resultFloats() * 4 - 2 * numberBytes;
        launches.back().insert(launches.back().end(), {numbers, numbers + numberBytes});
      }
    }
  }
  void *const *next() { return launches[turn++ % launches.size()].data(); }

private:
  cpu::Memory memory;
  std::vector<std::vector<void *>> launches;
  size_t turn = 0;
};

void run(const Case &c, const Options &options, cpu::ThreadPool &pool, cpu::Probe &probe) {
  KernelCase kernel(c.text());
  kernel::TargetAttr resolved = target(options.spec);
  kernel.setTarget(resolved, kernel::TilingAttr::get(resolved.getContext(), resolved.getDot(), 1, 1, 0, 1, 0));
  Operands operands(c, pool, options);
  const double bytes = 2 * c.cacheBytes();
  const LaunchTimes times = LoadedKernel(kernel, resolved)
                                .time(pool, probe, c.kernel.narrow ? cpu::Limit::Bf16 : cpu::Limit::F32, options.pairs,
                                      {bytes, c.flops()}, [&] { return operands.next(); });
  const double seconds = spreadOf(times.seconds).median;
  printf("%-26s %s %u thr  %9.1f us [%.1f-%.1f]  %6.1f GB/s %5.1f %%read  %7.1f GFLOP/s %5.1f %%peak\n", c.name.c_str(),
         resolved.getSpec().str().c_str(), pool.workers(), seconds * 1e6, *llvm::min_element(times.seconds) * 1e6,
         *llvm::max_element(times.seconds) * 1e6, bytes / seconds / 1e9, 100 * spreadOf(times.readShares).median,
         c.flops() / seconds / 1e9, 100 * spreadOf(times.peakShares).median);
  fflush(stdout);
}
} // namespace

int main(int argc, char **argv) {
  Options options = Options::parse(argc, argv);
  auto pool = cpu::ThreadPool::create(cpu::ThreadPoolOptions{options.workers, {}, true});
  if (!pool.isOk())
    return fprintf(stderr, "%s\n", pool.status().message().c_str()), 1;
  cpu::Probe probe(**pool);
  bool narrow =
      target(options.spec).getDot() != "fma" && (options.cache == "bf16" || options.cache == "i8") && !options.wide;
  for (const Case &c : cases(options.cache, narrow))
    if (llvm::StringRef(c.name).contains(options.filter))
      run(c, options, **pool, probe);
  return 0;
}
