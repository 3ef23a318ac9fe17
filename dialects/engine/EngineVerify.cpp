// What makes a plan valid. Bounds are checked once, on the variant, which alone knows the sizes of the regions.
#include "dialects/engine/Engine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon::engine;

LogicalResult SliceAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, tenon::engine::Region region,
                                uint32_t index, uint64_t offset, uint64_t bytes) {
  if (bytes == 0)
    return emitError() << "a slice must hold at least one byte";
  if (offset > std::numeric_limits<uint64_t>::max() - bytes)
    return emitError() << "slice at " << offset << " of " << bytes << " bytes overflows 64 bits";
  if (offset % kSliceAlignment)
    return emitError() << "slice offset " << offset << " is not a multiple of " << kSliceAlignment;
  if (region != tenon::engine::Region::weights && index != 0)
    return emitError() << "region " << stringifyRegion(region) << " has index 0 only, got " << index;
  return success();
}

bool SliceAttr::overlaps(SliceAttr other) const {
  return getRegion() == other.getRegion() && getIndex() == other.getIndex() && getOffset() < other.end() &&
         other.getOffset() < end();
}

uint64_t VariantOp::regionBytes(SliceAttr slice) {
  switch (slice.getRegion()) {
  case tenon::engine::Region::weights:
    return slice.getIndex() < getWeightBytes().size() ? getWeightBytes()[slice.getIndex()] : 0;
  case tenon::engine::Region::kv:
    return getKvBytes();
  case tenon::engine::Region::io:
    return getIoBytes();
  case tenon::engine::Region::arena:
    return getArenaBytes();
  }
  llvm_unreachable("every region has a size");
}

uint64_t VariantOp::totalBytes() {
  uint64_t total = getArenaBytes() + getIoBytes() + getKvBytes();
  for (int64_t bytes : getWeightBytes())
    total += bytes;
  return total;
}

LogicalResult VariantOp::verify() {
  // 2^56 bytes a region keeps every sum of sizes far from overflow.
  auto sane = [](int64_t bytes) { return bytes >= 0 && bytes < (int64_t(1) << 56); };
  if (!sane(getArenaBytes()) || !sane(getIoBytes()) || !sane(getKvBytes()) || !llvm::all_of(getWeightBytes(), sane))
    return emitOpError("has a region of negative or absurd size");
  for (uint64_t bytes : {getArenaBytes(), getIoBytes(), getKvBytes()})
    if (bytes % kRegionAlignment)
      return emitOpError("has a region of ") << bytes << " bytes, expected multiples of " << kRegionAlignment;
  return success();
}

static LogicalResult verifyInside(VariantOp variant, Operation *user, SliceAttr slice) {
  uint64_t size = variant.regionBytes(slice);
  if (slice.end() <= size)
    return success();
  InFlightDiagnostic diagnostic = user->emitOpError("uses bytes ");
  diagnostic << slice.getOffset() << " to " << slice.end() << " of region " << stringifyRegion(slice.getRegion());
  if (slice.getRegion() == tenon::engine::Region::weights)
    diagnostic << " " << slice.getIndex();
  return diagnostic << ", which has " << size;
}

// Buffers that live as long as the engine share no byte. `slices` is sorted by offset here.
static LogicalResult verifyDisjoint(VariantOp variant, SmallVectorImpl<SliceAttr> &slices) {
  llvm::sort(slices, [](SliceAttr a, SliceAttr b) { return a.getOffset() < b.getOffset(); });
  for (size_t i = 1; i < slices.size(); ++i)
    if (slices[i - 1].overlaps(slices[i]))
      return variant.emitOpError("has overlapping buffers ") << slices[i - 1] << " and " << slices[i];
  return success();
}

LogicalResult VariantOp::verifyRegions() {
  llvm::StringMap<int64_t> kernels; // number of arguments by name
  llvm::StringSet<> ioNames;
  SmallVector<SliceAttr> io, kv;
  for (KernelOp kernel : getOps<KernelOp>())
    if (!kernels.try_emplace(kernel.getSymbol(), kernel.getArgCount()).second)
      return kernel.emitOpError("is listed twice: @") << kernel.getSymbol();
  for (IoOp op : getOps<IoOp>()) {
    if (!ioNames.insert(op.getName()).second)
      return op.emitOpError("repeats the name \"") << op.getName() << "\"";
    io.push_back(op.getSlice());
  }
  for (KvOp op : getOps<KvOp>())
    kv.append({op.getKeys(), op.getValues()});
  if (failed(verifyDisjoint(*this, io)) || failed(verifyDisjoint(*this, kv)))
    return failure();

  WalkResult result = walk([&](Operation *op) -> WalkResult {
    if (auto launch = dyn_cast<LaunchOp>(op)) {
      auto kernel = kernels.find(launch.getKernel());
      if (kernel == kernels.end())
        return op->emitOpError("runs @") << launch.getKernel() << ", which no engine.kernel lists";
      if (kernel->second != int64_t(launch.getArgs().size()))
        return op->emitOpError("passes ") << launch.getArgs().size() << " arguments to @" << launch.getKernel()
                                          << ", which takes " << kernel->second;
    }
    for (NamedAttribute attribute : op->getAttrs()) {
      if (auto slice = dyn_cast<SliceAttr>(attribute.getValue()))
        if (failed(verifyInside(*this, op, slice)))
          return failure();
      if (auto array = dyn_cast<ArrayAttr>(attribute.getValue()))
        for (SliceAttr slice : array.getAsRange<SliceAttr>())
          if (failed(verifyInside(*this, op, slice)))
            return failure();
    }
    return success();
  });
  return failure(result.wasInterrupted());
}

LogicalResult IoOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  uint64_t bytes = uint64_t(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  if (getSlice().getRegion() != tenon::engine::Region::io)
    return emitOpError("must lie in region io");
  if (getSlice().getBytes() != bytes)
    return emitOpError("holds ") << type << ", " << bytes << " bytes, but its slice has " << getSlice().getBytes();
  return success();
}

LogicalResult KvOp::verify() {
  if (getKeys().getRegion() != tenon::engine::Region::kv || getValues().getRegion() != tenon::engine::Region::kv)
    return emitOpError("must lie in region kv");
  return success();
}

LogicalResult KernelOp::verify() {
  for (uint64_t count : {getFlops(), getWeightBytes(), getActivationBytes(), getArgCount()})
    if (int64_t(count) < 0)
      return emitOpError("counts cannot be negative");
  return success();
}

LogicalResult ProgramOp::verify() {
  if (getEntry() != "body" && getEntry() != "head")
    return emitOpError("entry must be \"body\" or \"head\", got \"") << getEntry() << "\"";
  if (int64_t(getRows()) < 1)
    return emitOpError("must have at least one row, got ") << int64_t(getRows());
  for (Operation &op : *getBody().begin())
    if (!isa<LaunchOp, CopyOp, CollectiveOp>(op))
      return op.emitOpError("is not a step of a program");
  return success();
}

LogicalResult CopyOp::verify() {
  if (getTo().getBytes() != getFrom().getBytes())
    return emitOpError("copies ") << getFrom().getBytes() << " bytes to " << getTo().getBytes();
  if (getTo().getRegion() == tenon::engine::Region::weights)
    return emitOpError("cannot write weights");
  if (getTo().overlaps(getFrom()))
    return emitOpError("has overlapping slices");
  return success();
}

LogicalResult CollectiveOp::verify() {
  if (getKind() != "all_reduce" && getKind() != "all_gather")
    return emitOpError("kind must be \"all_reduce\" or \"all_gather\", got \"") << getKind() << "\"";
  if (getSlice().getRegion() != tenon::engine::Region::arena && getSlice().getRegion() != tenon::engine::Region::io)
    return emitOpError("works on the arena or io region only");
  return success();
}
