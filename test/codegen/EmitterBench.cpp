// Google Benchmark of every emitter on every instruction set of this machine, at the shapes of TinyLlama-1.1B.
//
//   EmitterBench [--workers=N] [--benchmark_filter=linear/.*/x86-64-v3] [any other flag of Google Benchmark]
//
// Names are emitter/shape/target. Columns: GB/s and G(FL)OP/s, and each as a share of what probe bursts right before
// and behind the launches gave. Operands come from more memory than caches hold. Instruction sets that the machine
// lacks are listed on stderr and left out: their emulation would tell nothing.
#include "test/codegen/CacheText.h"
#include "test/codegen/LaunchOperands.h"
#include "test/codegen/LaunchTiming.h"
#include "test/codegen/LinearText.h"
#include "test/codegen/RowText.h"
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstring>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
constexpr int64_t kHidden = 2048, kInner = 5632, kHeads = 32, kKvHeads = 4, kHeadDim = 64, kPageTokens = 64;

struct Shape {
  std::string name, text;
  LaunchCost cost;
  cpu::Limit peak = cpu::Limit::F32;
  LaunchOperands::Fill fill = nullptr;
};

std::vector<Shape> linearShapes(kernel::TargetAttr target) {
  struct Weight {
    const char *name, *scheme;
    int64_t rowGroup;
  };
  std::vector<Shape> all;
  for (Weight weight : {Weight{"bf16", "bf16", 0},
                        {"int8_wo", "#qt.int8", 32},
                        {"q8_0", "#qt.q8_0", 32},
                        {"q4_0", "#qt.q4_0", 32},
                        {"int4_wo:g128", "#qt.int4_group<group = 128, asym = false>", 32}})
    for (int64_t rows : {1, 8, 128}) {
      LinearText text{.rows = rows, .inputs = kHidden, .outputs = {kInner}, .weight = weight.scheme};
      text.rowGroup = weight.rowGroup;
      text.narrow = target.getDot() != "fma" && !text.quantized();
      all.push_back({std::string(weight.name) + "/" + std::to_string(rows),
                     text.text(),
                     {static_cast<double>(text.weightBytes()), static_cast<double>(text.flops())},
                     text.quantized() ? cpu::Limit::Int8
                     : text.narrow    ? cpu::Limit::Bf16
                                      : cpu::Limit::F32});
    }
  return all;
}

AttentionText attention(kernel::TargetAttr target, int64_t rows, int64_t context, const char *cache) {
  AttentionText text{.tokens = rows, .pagesPerSlot = context / kPageTokens};
  text.heads = kHeads, text.kvHeads = kKvHeads, text.headDim = kHeadDim, text.cacheType = cache;
  text.narrow = target.getDot() != "fma";
  text.span = rows == 1 ? 256 : 0;
  return text;
}

double cacheBytes(int64_t context, const std::string &element) {
  return 2.0 * static_cast<double>(context * kKvHeads * (element == "i8" ? kHeadDim + 4 : kHeadDim * 2));
}

std::vector<Shape> attentionShapes(kernel::TargetAttr target) {
  std::vector<Shape> all;
  auto add = [&](const char *name, int64_t rows, int64_t context, const char *cache) {
    AttentionText text = attention(target, rows, context, cache);
    double seen = static_cast<double>(rows) * (static_cast<double>(context) - static_cast<double>(rows - 1) / 2);
    all.push_back({std::string(name) + "/" + cache + "/" + std::to_string(context),
                   rows == 1 ? text.partialText() : text.text(),
                   {cacheBytes(context, cache), 4.0 * kHeads * kHeadDim * seen},
                   text.narrow ? cpu::Limit::Bf16 : cpu::Limit::F32,
                   [=](unsigned index, int32_t *values) {
                     const int32_t segment[4] = {0, 0, static_cast<int32_t>(rows), static_cast<int32_t>(context)};
                     if (index == 2)
                       memcpy(values, segment, sizeof segment);
                     else
                       std::iota(values, values + text.pagesPerSlot, 0);
                   }});
  };
  for (const char *cache : {"bf16", "i8"}) {
    add("decode", 1, 4096, cache);
    add("prefill", 512, 512, cache);
  }
  return all;
}

std::vector<Shape> combineShapes(kernel::TargetAttr target) {
  AttentionText text = attention(target, 1, 4096, "bf16");
  double parts = static_cast<double>(text.spans() * kHeads);
  const int32_t segment[4] = {0, 0, 1, 4096};
  return {{"4096",
           text.combineText(),
           {parts * (kHeadDim + 2) * 4, parts * kHeadDim * 2},
           cpu::Limit::F32,
           [segment](unsigned, int32_t *values) { memcpy(values, segment, sizeof segment); }}};
}

std::vector<Shape> cacheShapes(kernel::TargetAttr) {
  std::vector<Shape> all;
  for (int64_t rows : {1, 128}) {
    CacheText text{.tokens = rows, .slots = 1, .pagesPerSlot = 32, .heads = kHeads, .kvHeads = kKvHeads};
    text.headDim = kHeadDim, text.cacheType = "bf16";
    double elements = static_cast<double>(rows * kHeadDim);
    all.push_back({std::to_string(rows),
                   text.text(),
                   {elements * (kHeads * 8 + kKvHeads * 12), elements * (kHeads + kKvHeads) * 3},
                   cpu::Limit::F32,
                   [rows](unsigned index, int32_t *values) {
                     if (index == 4) // positions
                       std::iota(values, values + rows, 0);
                     else if (index == 6) // pages
                       std::iota(values, values + 32, 0);
                   }});
  }
  return all;
}

std::vector<Shape> gatherShapes(kernel::TargetAttr) {
  auto fill = [](unsigned, int32_t *tokens) { std::iota(tokens, tokens + 128, 1000); };
  return {{"bf16/128",
           gatherText(128, 32000, kHidden, "bf16", "#kernel.packed<n = 16, k = 2>"),
           {128.0 * kHidden * 6, 0},
           cpu::Limit::F32,
           fill}};
}

std::vector<Shape> normShapes(kernel::TargetAttr) {
  std::vector<Shape> all;
  for (int64_t rows : {1, 128})
    all.push_back({std::to_string(rows),
                   normText(rows, kHidden, "bf16"),
                   {static_cast<double>(rows * kHidden * 6), static_cast<double>(rows * kHidden * 4)}});
  return all;
}

std::vector<Shape> elementwiseShapes(kernel::TargetAttr) {
  std::string t = tensorText({128, kInner});
  return {{"silu-mul/128",
           "kernel.func @k \"elementwise\" (" + t + ", " + t + ") -> " + t + " {\n^bb0(%a: " + t + ", %b: " + t +
               "):\n  %s = model.activation silu %a : " + t + "\n  %y = model.mul %s, %b : " + t +
               "\n  kernel.yield %y : " + t + "\n}\n",
           {128.0 * kInner * 12, 128.0 * kInner * 10}}};
}

struct Emitter {
  const char *name; // as in codegen/cpu/Emitters.cpp
  std::vector<Shape> (*shapes)(kernel::TargetAttr);
};
constexpr Emitter kEmitters[] = {{"attention", attentionShapes},
                                 {"cache", cacheShapes},
                                 {"combine", combineShapes},
                                 {"elementwise", elementwiseShapes},
                                 {"gather", gatherShapes},
                                 {"linear", linearShapes},
                                 {"norm", normShapes}};
constexpr const char *kTargets[] = {"cpu:x86-64-v3", "cpu:x86-64-v4", "cpu:x86-64-v4+avx512vnni",
                                    "cpu:x86-64-v4+avx512bf16+avx512vnni", "cpu:sapphirerapids"};

void run(benchmark::State &state, const Shape &shape, kernel::TargetAttr target, cpu::ThreadPool &pool,
         cpu::Probe &probe) {
  KernelCase kernel(shape.text);
  kernel.setTarget(target);
  const LoadedKernel loaded(kernel, target);
  LaunchOperands operands(kernel.func().getFunctionType(), 256 << 20, pool, shape.fill);
  auto limits = [&] { return std::pair(*probe.burst(cpu::Limit::Read), *probe.burst(shape.peak)); };
  auto before = limits();
  double seconds;
  {
    cpu::ThreadPool::Active active(pool, cpu::ThreadPool::Participants::All);
    loaded.launch(pool, operands.next());
    auto begin = std::chrono::steady_clock::now();
    for (auto _ : state)
      loaded.launch(pool, operands.next());
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  auto after = limits();
  double launches = static_cast<double>(state.iterations()), bytes = shape.cost.bytes * launches / seconds,
         flops = shape.cost.flops * launches / seconds;
  state.counters["GB/s"] = bytes / 1e9;
  state.counters["%read"] = 100 * bytes / ((before.first + after.first) / 2);
  state.counters["GOP/s"] = flops / 1e9;
  state.counters["%peak"] = 100 * flops / ((before.second + after.second) / 2);
}
} // namespace

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  cpu::ThreadPoolOptions options{1, {}, true};
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (!argument.consume_front("--workers=") || argument.getAsInteger(10, options.workers))
      return fprintf(stderr, "EmitterBench: unknown argument '%s'; expected --workers=N or --benchmark_...\n", argv[i]),
             2;
  }
  auto pool = cpu::ThreadPool::create(options);
  if (!pool.isOk())
    return fprintf(stderr, "%s\n", pool.status().message().c_str()), 1;
  cpu::Probe probe(**pool);
  for (const char *spec : kTargets) {
    kernel::TargetAttr resolved = target(spec);
    if (executionFor(resolved).emulated()) {
      fprintf(stderr, "skipped: %s, which this machine cannot run\n", spec);
      continue;
    }
    for (const Emitter &emitter : kEmitters)
      for (const Shape &shape : emitter.shapes(resolved))
        benchmark::RegisterBenchmark(
            (std::string(emitter.name) + "/" + shape.name + "/" + (strchr(spec, ':') + 1)).c_str(),
            [=, &pool, &probe](benchmark::State &state) { run(state, shape, resolved, **pool, probe); })
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
