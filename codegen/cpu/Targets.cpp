#include "codegen/cpu/Targets.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

#define X86_V3_BEFORE_AVX512 "avx", "avx2"
#define X86_V3_FROM_BMI                                                                                                \
  "bmi", "bmi2", "cmov", "cx16", "cx8", "f16c", "fma", "fxsr", "lzcnt", "mmx", "movbe", "popcnt", "sahf", "sse",       \
      "sse2", "sse3", "sse4.1", "sse4.2", "ssse3", "xsave"

static constexpr const char *kV3[] = {X86_V3_BEFORE_AVX512, X86_V3_FROM_BMI};
static constexpr const char *kV4[] = {X86_V3_BEFORE_AVX512, "avx512bw",     "avx512cd", "avx512dq", "avx512f",
                                      "avx512vl",           X86_V3_FROM_BMI};
static constexpr const char *kV4Optional[] = {"avx512bf16", "avx512vnni"};
static constexpr const char *kSapphireRapids[] = {"amx-bf16",   "amx-int8", "amx-tile",   X86_V3_BEFORE_AVX512,
                                                  "avx512bf16", "avx512bw", "avx512cd",   "avx512dq",
                                                  "avx512f",    "avx512vl", "avx512vnni", X86_V3_FROM_BMI};
static constexpr const char *kNeon[] = {"fp-armv8", "neon"};
static constexpr const char *kNeoverseV1[] = {"bf16", "crc", "dotprod", "fp-armv8", "fullfp16",
                                              "i8mm", "lse", "neon",    "rcpc",     "rdm"};

// vector_bits, registers: of the vector register file.
// accumulators: 16-lane f32 sums that fit in registers beside the inner step's operands.
// inline_rows: rows up to which a linear prepares its own input (norm, cast) in every worker.
// weight_streams: weight panels that small row counts read side by side; prefetch_bytes: how far ahead of each.
// decode_rows: rows up to which weights are read once past all rows; more rows are multiplied in cache blocks of
// gemm_rows x gemm_panels sums over gemm_depth columns of the input.
// With 8-bit activations: code_sums: int32 sums of 16 lanes that fit beside as many of f32; code_streams,
// code_prefetch, code_decode_rows, code_panels, code_depth: as weight_streams, prefetch_bytes, decode_rows,
// gemm_panels, gemm_depth. l1_bytes, l2_bytes: data caches of one core. flops_per_byte: balance at 16-bit weights
// (engine.fbs, Variant).
// attention_span: tokens that attention sums by themselves at least; split_rows: rows up to which workers share a
// sequence by spans.
using Number = std::pair<const char *, int64_t>;
static constexpr Number kV3Numbers[] = {{"accumulators", 5},     {"attention_span", 256},  {"code_decode_rows", 4},
                                        {"code_depth", 512},     {"code_panels", 1},       {"code_prefetch", 2048},
                                        {"code_streams", 3},     {"code_sums", 3},         {"decode_rows", 4},
                                        {"flops_per_byte", 6},   {"gemm_depth", 256},      {"gemm_panels", 1},
                                        {"gemm_rows", 5},        {"inline_rows", 4},       {"l1_bytes", 32 << 10},
                                        {"l2_bytes", 256 << 10}, {"prefetch_bytes", 2048}, {"registers", 16},
                                        {"split_rows", 8},       {"vector_bits", 256},     {"weight_streams", 3}};
// Widening bf16 takes two registers for each panel.
static constexpr Number kV4Numbers[] = {{"accumulators", 20},   {"attention_span", 256},  {"code_decode_rows", 8},
                                        {"code_depth", 512},    {"code_panels", 3},       {"code_prefetch", 2048},
                                        {"code_streams", 8},    {"code_sums", 12},        {"decode_rows", 8},
                                        {"flops_per_byte", 12}, {"gemm_depth", 256},      {"gemm_panels", 4},
                                        {"gemm_rows", 5},       {"inline_rows", 4},       {"l1_bytes", 32 << 10},
                                        {"l2_bytes", 1 << 20},  {"prefetch_bytes", 2048}, {"registers", 32},
                                        {"split_rows", 8},      {"vector_bits", 512},     {"weight_streams", 8}};
static constexpr Number kV4Bf16Numbers[] = {{"accumulators", 24},   {"attention_span", 256},  {"code_decode_rows", 8},
                                            {"code_depth", 512},    {"code_panels", 3},       {"code_prefetch", 4096},
                                            {"code_streams", 2},    {"code_sums", 12},        {"decode_rows", 8},
                                            {"flops_per_byte", 24}, {"gemm_depth", 256},      {"gemm_panels", 4},
                                            {"gemm_rows", 6},       {"inline_rows", 4},       {"l1_bytes", 32 << 10},
                                            {"l2_bytes", 1 << 20},  {"prefetch_bytes", 2048}, {"registers", 32},
                                            {"split_rows", 8},      {"vector_bits", 512},     {"weight_streams", 2}};
static constexpr Number kSapphireRapidsNumbers[] = {
    {"accumulators", 24},     {"attention_span", 256}, {"code_decode_rows", 8}, {"code_depth", 512},
    {"code_panels", 3},       {"code_prefetch", 2048}, {"code_streams", 8},     {"code_sums", 12},
    {"decode_rows", 8},       {"flops_per_byte", 64},  {"gemm_depth", 512},     {"gemm_panels", 2},
    {"gemm_rows", 32},        {"inline_rows", 4},      {"l1_bytes", 48 << 10},  {"l2_bytes", 2 << 20},
    {"prefetch_bytes", 2048}, {"registers", 32},       {"split_rows", 8},       {"vector_bits", 512},
    {"weight_streams", 8}};
static constexpr Number kNeonNumbers[] = {{"accumulators", 4},     {"attention_span", 256},  {"code_decode_rows", 4},
                                          {"code_depth", 512},     {"code_panels", 1},       {"code_prefetch", 1024},
                                          {"code_streams", 3},     {"code_sums", 3},         {"decode_rows", 4},
                                          {"flops_per_byte", 4},   {"gemm_depth", 256},      {"gemm_panels", 1},
                                          {"gemm_rows", 4},        {"inline_rows", 4},       {"l1_bytes", 32 << 10},
                                          {"l2_bytes", 512 << 10}, {"prefetch_bytes", 1024}, {"registers", 32},
                                          {"split_rows", 8},       {"vector_bits", 128},     {"weight_streams", 4}};

static constexpr const char *kLinuxX86 = "x86_64-unknown-linux-gnu", *kLinuxArm = "aarch64-unknown-linux-gnu";
static constexpr TargetRow kRows[] = {
    {"sapphirerapids",
     "x86-64",
     kLinuxX86,
     "x86-64-v4",
     "sapphirerapids",
     kSapphireRapids,
     {},
     "amx",
     kSapphireRapidsNumbers,
     kSapphireRapidsNumbers},
    {"x86-64-v4", "x86-64", kLinuxX86, "x86-64-v4", "x86-64-v4", kV4, kV4Optional, "fma", kV4Numbers, kV4Bf16Numbers},
    {"x86-64-v3", "x86-64", kLinuxX86, "x86-64-v3", "x86-64-v3", kV3, {}, "fma", kV3Numbers, {}},
    {"aarch64-neoverse-v1", "aarch64", kLinuxArm, "generic", "neoverse-v1", kNeoverseV1, {}, "fma", kNeonNumbers, {}},
    {"aarch64", "aarch64", kLinuxArm, "generic", "generic", kNeon, {}, "fma", kNeonNumbers, {}},
};

ArrayRef<TargetRow> tenon::codegen::cpu::targetRows() { return kRows; }

static const TargetRow *findRow(StringRef name) {
  const TargetRow *row = llvm::find_if(kRows, [&](const TargetRow &r) { return name == r.name; });
  return row == std::end(kRows) ? nullptr : row;
}

const TargetRow &tenon::codegen::cpu::rowOf(kernel::TargetAttr target) {
  const TargetRow *row = findRow(target.getSpec().split(':').second.split('+').first);
  assert(row && "the target was resolved from a row");
  return *row;
}

static kernel::TargetAttr describe(MLIRContext *context, const TargetRow &row, const std::set<std::string> &extra) {
  Builder b(context);
  std::string spec = std::string("cpu:") + row.name;
  for (const std::string &feature : extra)
    spec += "+" + feature;
  std::set<std::string> needed(row.features.begin(), row.features.end());
  needed.insert(extra.begin(), extra.end());
  SmallVector<Attribute> features;
  for (const std::string &feature : needed)
    features.push_back(b.getStringAttr("+" + feature));
  SmallVector<NamedAttribute> numbers;
  bool bf16 = needed.count("avx512bf16");
  for (auto [name, value] : bf16 ? row.bf16Numbers : row.numbers)
    numbers.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(value)));
  StringRef dot = extra.count("avx512bf16") ? "bf16" : row.dot; // amx comes with avx512bf16, too
  return kernel::TargetAttr::get(context, spec, row.triple, row.cpu, b.getArrayAttr(features), dot,
                                 b.getDictionaryAttr(numbers));
}

// The most capable row whose every feature the host has, with those of its optional features that the host has.
static FailureOr<kernel::TargetAttr> resolveNative(MLIRContext *context, const Host &host, EmitError emitError) {
  std::set<std::string> has(host.features.begin(), host.features.end());
  for (const TargetRow &row : kRows) {
    if (host.arch != row.arch || !llvm::all_of(row.features, [&](const char *f) { return has.count(f); }))
      continue;
    std::set<std::string> extra;
    for (const char *feature : row.optional)
      if (has.count(feature))
        extra.insert(feature);
    return describe(context, row, extra);
  }
  if (host.arch.empty())
    return emitError() << "target \"cpu:native\" needs a host to look at; name the target instead", failure();
  return emitError() << "no CPU target fits this host (" << host.arch
                     << "): x86-64 needs AVX2, FMA and F16C (x86-64-v3)",
         failure();
}

FailureOr<kernel::TargetAttr> tenon::codegen::cpu::resolveTarget(MLIRContext *context, StringRef spec, const Host &host,
                                                                 EmitError emitError) {
  StringRef rest = spec;
  if (!rest.consume_front("cpu:"))
    return emitError() << "target \"" << spec << "\" does not begin with \"cpu:\"", failure();
  if (rest == "native")
    return resolveNative(context, host, emitError);

  SmallVector<StringRef> parts;
  rest.split(parts, '+');
  const TargetRow *row = findRow(parts.front());
  if (!row) {
    InFlightDiagnostic diagnostic = emitError() << "unknown CPU target \"" << spec << "\"; known: cpu:native";
    for (const TargetRow &known : kRows)
      diagnostic << ", cpu:" << known.name;
    return diagnostic;
  }
  std::set<std::string> extra;
  for (StringRef feature : llvm::drop_begin(parts)) {
    if (llvm::is_contained(row->features, feature))
      continue; // part of the row anyway
    if (!llvm::is_contained(row->optional, feature)) {
      InFlightDiagnostic diagnostic = emitError() << "target \"cpu:" << row->name << "\" has no optional feature \""
                                                  << feature << "\"";
      diagnostic << (row->optional.empty() ? "; it has none" : "; it has: " + llvm::join(row->optional, ", "));
      return diagnostic;
    }
    extra.insert(feature.str());
  }
  return describe(context, *row, extra);
}
