#include "passes/plan/Slices.h"
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/CacheLayout.h"
#include "passes/plan/WeightLayout.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using engine::SliceAttr;

// The order of the io buffers in memory.
static constexpr llvm::StringLiteral kIoNames[] = {"tokens",      "positions", "slots",  "segments",
                                                   "block_table", "rows",      "hidden", "logits"};

FailureOr<FixedSlices> FixedSlices::of(ModuleOp module) {
  FixedSlices slices;
  WeightLayout layout = layOutWeights(module);
  for (const PlacedWeight &placed : layout.weights) {
    model::WeightOp weight = placed.weight;
    slices.weights[weight.getSymNameAttr()] =
        SliceAttr::get(module.getContext(), engine::Region::weights, 0, placed.offset, placed.bytes);
  }
  slices.weightBytes = layout.bytes;
  slices.placeCaches(module);
  if (failed(slices.placeIo(module)))
    return failure();
  return slices;
}

// Keys and values of a layer start on pages of memory of their own.
void FixedSlices::placeCaches(ModuleOp module) {
  auto place = [&](uint64_t bytes) {
    auto slice = SliceAttr::get(module.getContext(), engine::Region::kv, 0, kvBytes, bytes);
    kvBytes = llvm::alignTo(slice.end(), engine::kRegionAlignment);
    return slice;
  };
  for (auto cache : module.getOps<model::CacheOp>()) {
    auto type = cast<model::CacheType>(cache.getType());
    uint64_t bytes = model::CacheLayout(type).sideBytes();
    SliceAttr keys = place(bytes), values = place(bytes);
    caches[cache.getSymNameAttr()] = {keys, values};
    cacheList.push_back({cache.getSymNameAttr(), {keys, values}});
  }
}

LogicalResult FixedSlices::placeIo(ModuleOp module) {
  llvm::StringMap<RankedTensorType> types; // the largest by name, looked up only
  auto grow = [&](func::FuncOp function, StringRef name, Type type) -> LogicalResult {
    auto tensor = cast<RankedTensorType>(type);
    RankedTensorType &largest = types[name];
    if (!largest)
      largest = tensor;
    if (tensor.getElementType() != largest.getElementType() ||
        tensor.getShape().drop_front() != largest.getShape().drop_front())
      return function.emitOpError() << "has " << type << " as buffer '" << name << "', another program " << largest;
    if (tensor.getDimSize(0) > largest.getDimSize(0))
      largest = tensor;
    return success();
  };
  for (auto function : module.getOps<func::FuncOp>()) {
    const Entry *entry = getEntry(function);
    if (!entry)
      return failure();
    for (auto [buffer, type] : llvm::zip_equal(entry->arguments, function.getArgumentTypes()))
      if (failed(grow(function, buffer.name, type)))
        return failure();
    if (failed(grow(function, entry->result.name, function.getResultTypes().front())))
      return failure();
  }
  for (StringRef name : kIoNames) {
    auto known = types.find(name);
    if (known == types.end())
      continue;
    auto slice = SliceAttr::get(module.getContext(), engine::Region::io, 0, ioBytes, *tensorBytes(known->second));
    ioBytes = llvm::alignTo(slice.end(), engine::kSliceAlignment);
    ioList.push_back({name, {known->second, slice}});
  }
  ioBytes = llvm::alignTo(ioBytes, engine::kRegionAlignment);
  return success();
}

SliceAttr FixedSlices::io(StringRef name, RankedTensorType type) const {
  auto known = llvm::find_if(ioList, [&](const auto &entry) { return entry.first == name; });
  assert(known != ioList.end() && "placeIo has seen every buffer of every entry");
  SliceAttr whole = known->second.slice;
  return SliceAttr::get(whole.getContext(), whole.getRegion(), whole.getIndex(), whole.getOffset(), *tensorBytes(type));
}
