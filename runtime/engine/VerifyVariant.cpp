// One instruction set's code, memory and programs.
#include "runtime/base/Checked.h"
#include "runtime/engine/Verify.h"
#include "runtime/schema/ArgPlaces.h"
#include "runtime/schema/EngineHeader.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

namespace tenon {

static constexpr uint64_t kMaxArgs = 256;
static constexpr uint64_t kMaxRegionBytes = 1ull << 46; // half of what x86-64 can map

uint64_t regionBytes(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                     const schema::Slice &slice) {
  switch (slice.region()) {
  case schema::Region::Weights:
    return engine.segments()->Get(rank.weight_segments()->Get(slice.index()))->bytes();
  case schema::Region::Kv:
    return variant.kv_bytes();
  case schema::Region::Io:
    return variant.io_bytes();
  case schema::Region::Arena:
    return variant.arena_bytes();
  }
  return 0;
}

static Status verifySlice(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                          const schema::Slice &slice, const Where &at) {
  if (slice.region() > schema::Region::MAX)
    return contradiction(at.field("region"), "a known region", static_cast<uint64_t>(slice.region()));
  const uint64_t parts = slice.region() == schema::Region::Weights ? rank.weight_segments()->size() : 1;
  if (slice.index() >= parts)
    return contradiction(at.field("index"), "an entry below " + std::to_string(parts) + " in this region",
                         slice.index());
  const uint64_t limit = regionBytes(engine, rank, variant, slice);
  if (slice.offset() % kPointerAlignment != 0)
    return contradiction(at.field("offset"), "a multiple of " + std::to_string(kPointerAlignment), slice.offset());
  if (slice.bytes() == 0 || !rangeWithin(slice.offset(), slice.bytes(), limit))
    return contradiction(at, "bytes within a region of " + std::to_string(limit),
                         std::to_string(slice.bytes()) + " at " + std::to_string(slice.offset()));
  return Status::ok();
}

static Status verifyKernels(const schema::Variant &variant, const Where &at) {
  std::unordered_set<std::string_view> symbols;
  for (uint32_t i = 0; i < variant.kernels()->size(); ++i) {
    const schema::Kernel &kernel = *variant.kernels()->Get(i);
    Where here = at.element("kernels", i);
    TENON_TRY(checkName(here.field("symbol"), kernel.symbol()->string_view()));
    TENON_TRY(checkName(here.field("anchor"), kernel.anchor()->string_view()));
    TENON_TRY(checkBetween(here.field("arg_count"), kernel.arg_count(), 1, kMaxArgs));
    if (!kernel.args() || kernel.args()->size() != kernel.arg_count())
      return contradiction(here.field("args"), std::to_string(kernel.arg_count()) + " entries, one for each argument",
                           kernel.args() ? kernel.args()->size() : 0);
    TENON_TRY(checkAligned(here.field("args"), *kernel.args()));
    if (!symbols.insert(kernel.symbol()->string_view()).second)
      return contradiction(here.field("symbol"), "every symbol once",
                           quoted(kernel.symbol()->string_view()) + " again");
  }
  return Status::ok();
}

static const schema::IoBuffer *bufferAt(const schema::Variant &variant, uint64_t offset) {
  for (const schema::IoBuffer *buffer : *variant.io())
    if (buffer->slice()->offset() == offset)
      return buffer;
  return nullptr;
}

// A kernel's addresses are constants of its code, which relies on what it was compiled for: exactly these bytes, and
// indices only from the buffers that the runtime fills. The metadata may not promise it less.
static Status verifyArg(const schema::Variant &variant, const schema::KernelArg &expected, const schema::Slice &slice,
                        const Where &at) {
  if (slice.bytes() != expected.bytes())
    return contradiction(at.field("bytes"), std::to_string(expected.bytes()) + ", as its kernel says", slice.bytes());
  const schema::IoBuffer *buffer = slice.region() == schema::Region::Io ? bufferAt(variant, slice.offset()) : nullptr;
  const auto place =
      placeOfSlice(slice, [&](uint64_t) { return buffer ? buffer->name()->string_view() : std::string_view(); });
  if (place != expected.place() || (buffer && slice.bytes() > buffer->slice()->bytes()))
    return contradiction(at, std::string("a place for ") + EnumNameArgPlace(expected.place()) + ", as its kernel says",
                         "another");
  return Status::ok();
}

static Status verifyCopy(const schema::Variant &variant, const schema::Step &step, const Where &at) {
  const schema::Slice &to = *step.args()->Get(0);
  const schema::Slice &from = *step.args()->Get(1);
  if (to.region() == schema::Region::Weights)
    return contradiction(at.field("args[0].region"), "a region that may be written", "weights");
  // What the runtime writes there are indices that kernels trust.
  if (const schema::IoBuffer *buffer = bufferAt(variant, to.offset());
      to.region() == schema::Region::Io && (!buffer || to.bytes() > buffer->slice()->bytes() ||
                                            placeOfBuffer(buffer->name()->string_view()) != schema::ArgPlace::Values))
    return contradiction(at.field("args[0]"), "of the step buffers only hidden and logits", "another place");
  if (to.bytes() != from.bytes())
    return contradiction(at.field("args[1].bytes"), std::to_string(to.bytes()) + ", the bytes of its target",
                         from.bytes());
  bool apart = to.region() != from.region() || to.offset() >= from.offset() + from.bytes() ||
               from.offset() >= to.offset() + to.bytes();
  if (!apart)
    return contradiction(at.field("args"), "a copy between ranges that do not overlap", "overlapping ones");
  return Status::ok();
}

static Status verifyStep(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                         const schema::Step &step, const Where &at) {
  uint64_t expectedArgs = 0;
  switch (step.kind()) {
  case schema::StepKind::Launch:
    if (step.kernel() >= variant.kernels()->size())
      return contradiction(at.field("kernel"), "an entry below " + std::to_string(variant.kernels()->size()),
                           step.kernel());
    expectedArgs = variant.kernels()->Get(step.kernel())->arg_count();
    break;
  case schema::StepKind::Copy:
    expectedArgs = 2;
    break;
  case schema::StepKind::Collective:
    expectedArgs = 1;
    if (engine.ranks()->size() < 2)
      return contradiction(at.field("kind"), "no collective in an engine of one rank", "one");
    if (!step.collective())
      return contradiction(at.field("collective"), "the name of an operation", "nothing");
    TENON_TRY(checkName(at.field("collective"), step.collective()->string_view()));
    break;
  default:
    return contradiction(at.field("kind"), "a known kind of step", static_cast<uint64_t>(step.kind()));
  }
  if (step.args()->size() != expectedArgs)
    return contradiction(at.field("args"), std::to_string(expectedArgs) + " arguments", step.args()->size());
  TENON_TRY(checkAligned(at.field("args"), *step.args()));
  for (uint32_t i = 0; i < step.args()->size(); ++i)
    TENON_TRY(verifySlice(engine, rank, variant, *step.args()->Get(i), at.element("args", i)));
  if (step.kind() == schema::StepKind::Launch)
    for (uint32_t i = 0; i < step.args()->size(); ++i)
      TENON_TRY(verifyArg(variant, *variant.kernels()->Get(step.kernel())->args()->Get(i), *step.args()->Get(i),
                          at.element("args", i)));
  return step.kind() == schema::StepKind::Copy ? verifyCopy(variant, step, at) : Status::ok();
}

// Exactly one program of each entry for each bucket.
static Status verifyPrograms(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                             const Where &at) {
  const auto &bodyRows = *engine.shape()->body_rows();
  const auto &headRows = *engine.shape()->head_rows();
  uint64_t expected = static_cast<uint64_t>(bodyRows.size()) + headRows.size();
  if (variant.programs()->size() != expected)
    return contradiction(at.field("programs"), std::to_string(expected) + " programs, one for each bucket",
                         variant.programs()->size());
  std::unordered_set<uint64_t> seen;
  for (uint32_t i = 0; i < variant.programs()->size(); ++i) {
    const schema::Program &program = *variant.programs()->Get(i);
    Where here = at.element("programs", i);
    std::string_view entry = program.entry()->string_view();
    bool body = entry == "body";
    if (!body && entry != "head")
      return contradiction(here.field("entry"), "'body' or 'head'", quoted(entry));
    const auto &buckets = body ? bodyRows : headRows;
    if (std::find(buckets.begin(), buckets.end(), program.rows()) == buckets.end())
      return contradiction(here.field("rows"), "a bucket of the shape key", program.rows());
    if (!seen.insert(2 * static_cast<uint64_t>(program.rows()) + body).second)
      return contradiction(here, "one program for each bucket",
                           "another " + std::string(entry) + " of " + std::to_string(program.rows()) + " rows");
    if (program.steps()->size() == 0)
      return contradiction(here.field("steps"), "at least one step", "none");
    for (uint32_t j = 0; j < program.steps()->size(); ++j)
      TENON_TRY(verifyStep(engine, rank, variant, *program.steps()->Get(j), here.element("steps", j)));
  }
  return Status::ok();
}

static Status verifyRegions(const schema::Engine &engine, const schema::Variant &variant, const Where &at) {
  auto checkRegion = [&](const char *name, uint64_t bytes) -> Status {
    if (bytes % kSegmentAlignment != 0 || bytes > kMaxRegionBytes)
      return contradiction(at.field(name), "a multiple of " + std::to_string(kSegmentAlignment) + " up to 64 TiB",
                           bytes);
    return Status::ok();
  };
  TENON_TRY(checkRegion("arena_bytes", variant.arena_bytes()));
  TENON_TRY(checkRegion("io_bytes", variant.io_bytes()));
  TENON_TRY(checkRegion("kv_bytes", variant.kv_bytes()));

  const schema::KvGeometry &kv = *engine.kv();
  uint64_t needed = 2 * kvHeadBytes(kv);
  for (uint64_t factor : {kv.layers(), kv.kv_heads(), kv.page_tokens(), kv.pages()})
    if (!checkedMul(needed, factor, needed))
      return contradiction(Where("kv"), "a cache whose bytes fit 64 bits", "one that is larger");
  if (variant.kv_bytes() < needed)
    return contradiction(at.field("kv_bytes"), "at least " + std::to_string(needed) + " for the pages of all layers",
                         variant.kv_bytes());
  return Status::ok();
}

static Status verifyFeatures(std::string_view features, const Where &at) {
  static constexpr size_t kLongest = 16 << 10;
  if (features.size() > kLongest)
    return contradiction(at, "at most " + std::to_string(kLongest) + " bytes", features.size());
  for (char c : features)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_' && c != ',')
      return contradiction(at, "names of a-z, 0-9, '.', '-' and '_' separated by commas", quoted({&c, 1}));
  return Status::ok();
}

Status verifyVariant(const schema::Engine &engine, const schema::Rank &rank, const schema::Variant &variant,
                     const Where &at) {
  TENON_TRY(checkName(at.field("target"), variant.target()->string_view()));
  TENON_TRY(verifyFeatures(variant.features()->string_view(), at.field("features")));
  if (variant.code() >= engine.segments()->size())
    return contradiction(at.field("code"), "a segment below " + std::to_string(engine.segments()->size()),
                         variant.code());
  if (engine.segments()->Get(variant.code())->kind() != schema::SegmentKind::Code)
    return contradiction(at.field("code"), "a segment of code", variant.code());
  if (!(variant.flops_per_byte() > 0) || std::isinf(variant.flops_per_byte()))
    return contradiction(at.field("flops_per_byte"), "a number above 0", std::to_string(variant.flops_per_byte()));
  TENON_TRY(verifyRegions(engine, variant, at));
  TENON_TRY(verifyIo(engine, variant, at));
  TENON_TRY(verifyKernels(variant, at));
  return verifyPrograms(engine, rank, variant, at);
}

} // namespace tenon
