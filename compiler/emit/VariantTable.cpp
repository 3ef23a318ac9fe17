#include "compiler/emit/VariantTable.h"

#include "runtime/schema/ArgPlaces.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tenon::emit {
namespace {

schema::Slice slice(engine::SliceAttr attr) {
  return schema::Slice(attr.getOffset(), attr.getBytes(), attr.getIndex(),
                       static_cast<schema::Region>(attr.getRegion()));
}

std::unique_ptr<schema::KernelT> kernelTable(engine::KernelOp op) {
  auto table = std::make_unique<schema::KernelT>();
  table->symbol = op.getSymbol().str();
  table->anchor = op.getAnchor().str();
  table->flops = op.getFlops();
  table->weight_bytes = op.getWeightBytes();
  table->activation_bytes = op.getActivationBytes();
  table->prologue = op.getPrologue().str();
  table->epilogue = op.getEpilogue().str();
  table->arg_count = op.getArgCount();
  table->multiplier = op.getMultiplier().value_or("").str();
  return table;
}

std::unique_ptr<schema::IoBufferT> ioTable(engine::IoOp op) {
  auto table = std::make_unique<schema::IoBufferT>();
  auto type = cast<RankedTensorType>(op.getType());
  table->name = op.getName().str();
  table->dtype = schemaType(type.getElementType());
  table->shape.assign(type.getShape().begin(), type.getShape().end());
  table->slice = std::make_unique<schema::Slice>(slice(op.getSlice()));
  return table;
}

std::unique_ptr<schema::ProgramT> programTable(engine::ProgramOp op, const llvm::StringMap<uint32_t> &kernels) {
  auto table = std::make_unique<schema::ProgramT>();
  table->entry = op.getEntry().str();
  table->rows = op.getRows();
  for (Operation &step : op.getBody().front()) {
    auto out = std::make_unique<schema::StepT>();
    if (auto launch = dyn_cast<engine::LaunchOp>(step)) {
      out->kind = schema::StepKind::Launch;
      out->kernel = kernels.lookup(launch.getKernel());
      for (auto arg : launch.getArgs().getAsRange<engine::SliceAttr>())
        out->args.push_back(slice(arg));
    } else if (auto copy = dyn_cast<engine::CopyOp>(step)) {
      out->kind = schema::StepKind::Copy;
      out->args = {slice(copy.getTo()), slice(copy.getFrom())};
    } else {
      auto collective = cast<engine::CollectiveOp>(step);
      out->kind = schema::StepKind::Collective;
      out->collective = collective.getKind().str();
      out->args = {slice(collective.getSlice())};
    }
    table->steps.push_back(std::move(out));
  }
  return table;
}

// What each kernel was compiled to take, read off its launches: all of one kernel are alike.
void fillArgs(schema::VariantT &table) {
  auto bufferAt = [&](uint64_t offset) -> std::string_view {
    for (const auto &buffer : table.io)
      if (buffer->slice->offset() == offset)
        return buffer->name;
    return {};
  };
  for (const auto &program : table.programs)
    for (const auto &step : program->steps) {
      if (step->kind != schema::StepKind::Launch)
        continue;
      std::vector<schema::KernelArg> &args = table.kernels[step->kernel]->args;
      if (!args.empty())
        continue;
      for (const schema::Slice &slice : step->args)
        args.emplace_back(slice.bytes(), *placeOfSlice(slice, bufferAt));
    }
}

} // namespace

schema::DType schemaType(Type type) {
  if (type.isF32())
    return schema::DType::F32;
  if (type.isF16())
    return schema::DType::F16;
  if (type.isBF16())
    return schema::DType::BF16;
  if (type.isInteger(8))
    return schema::DType::I8;
  assert(type.isInteger(32) && "no pass lets another element type through");
  return schema::DType::I32;
}

std::unique_ptr<schema::VariantT> variantTable(engine::VariantOp variant, kernel::TargetAttr target, uint32_t code) {
  auto table = std::make_unique<schema::VariantT>();
  table->target = variant.getTarget().str();
  SmallVector<std::string> features;
  for (StringRef feature : target.getFeatures().getAsValueRange<StringAttr>())
    if (feature.consume_front("+"))
      features.push_back(feature.str());
  table->features = llvm::join(features, ",");
  table->code = code;
  table->flops_per_byte = static_cast<float>(target.number("flops_per_byte"));
  table->arena_bytes = variant.getArenaBytes();
  table->io_bytes = variant.getIoBytes();
  table->kv_bytes = variant.getKvBytes();

  llvm::StringMap<uint32_t> kernels;
  for (auto op : variant.getOps<engine::KernelOp>()) {
    kernels[op.getSymbol()] = table->kernels.size();
    table->kernels.push_back(kernelTable(op));
  }
  for (auto op : variant.getOps<engine::IoOp>())
    table->io.push_back(ioTable(op));
  for (auto op : variant.getOps<engine::ProgramOp>())
    table->programs.push_back(programTable(op, kernels));
  fillArgs(*table);
  return table;
}

} // namespace tenon::emit
