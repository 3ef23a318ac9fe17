#include "compiler/driver/WeightJobs.h"

#include "compiler/families/RopeAttribute.h"
#include "compiler/weights/TensorRows.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/qt/Qt.h"
#include "passes/plan/WeightLayout.h"
#include "passes/quant/WeightFormats.h"

using namespace mlir;

namespace tenon {
namespace {

// Of a source or a stored float weight. Sources of codes give their numbers in f32.
weights::Element elementOf(Type type) {
  if (type.isBF16())
    return weights::Element::BF16;
  if (type.isF16())
    return weights::Element::F16;
  return weights::Element::F32;
}

schema::DType schemaType(const weights::PackJob &job) {
  if (job.quantizer)
    return job.quantizer->storage.bits == 4 ? schema::DType::Q4 : schema::DType::Q8;
  switch (job.stored) {
  case weights::Element::F32:
    return schema::DType::F32;
  case weights::Element::F16:
    return schema::DType::F16;
  case weights::Element::BF16:
    return schema::DType::BF16;
  }
  return schema::DType::F32;
}

// [N, K] as it is; a vector is one row; more dimensions fold into the rows.
std::pair<uint64_t, uint64_t> rowsAndColumns(ArrayRef<int64_t> shape) {
  uint64_t rows = 1;
  for (int64_t d : shape.drop_back())
    rows *= static_cast<uint64_t>(d);
  return {rows, shape.empty() ? 1 : static_cast<uint64_t>(shape.back())};
}

Result<std::unique_ptr<weights::RowSource>> checkpointSource(model::CheckpointAttr source,
                                                             const ModelDirectory &directory) {
  const auto [rows, columns] = rowsAndColumns(source.getType().getShape());
  const weights::Element element = elementOf(source.getType().getElementType());
  switch (directory.weights) {
  case WeightSource::Zeros:
    return weights::zeroRows(rows, columns, element);
  case WeightSource::Random:
    return weights::randomRows(source.getName(), rows, columns, element);
  case WeightSource::Checkpoint:
    break;
  }
  TENON_ASSIGN(const TensorInfo *tensor, directory.checkpoint->require(source.getName(), source.getType().getShape()));
  return weights::tensorRows(*directory.checkpoint, *tensor);
}

Result<std::unique_ptr<weights::RowSource>> sourceOf(Attribute source, const ModelDirectory &directory) {
  if (auto checkpoint = dyn_cast<model::CheckpointAttr>(source))
    return checkpointSource(checkpoint, directory);
  auto attr = cast<model::RopeTableAttr>(source);
  TENON_ASSIGN(RopeTable table, ropeTableOf(attr));
  auto shared = std::make_shared<RopeTable>(std::move(table));
  return weights::generatedRows(static_cast<uint64_t>(attr.getPositions()), static_cast<uint64_t>(attr.getHeadDim()),
                                [shared](uint64_t first, uint64_t count, float *out) {
                                  shared->rows(static_cast<int64_t>(first), static_cast<int64_t>(count), out);
                                });
}

// How a quantized weight gets its codes: by its scheme, or, where no step quantizes, from the source.
std::optional<weights::Quantizer> quantizerOf(model::WeightOp weight) {
  qt::Scheme scheme = qt::schemeOf(weight.getTensorType());
  if (!scheme)
    return std::nullopt;
  weights::Quantizer quantizer{scheme.getStorage(), {}};
  if (weight.getSourceType().getElementType() != weight.getTensorType().getElementType())
    quantizer.group = [scheme](const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &zero) {
      scheme.quantizeGroup(values, count, codes, scale, zero);
    };
  return quantizer;
}

// The layout that the recipe ends in. Conversions come before it and are the difference between source and stored type.
Result<weights::Layout> layoutOf(model::WeightOp weight) {
  weights::Layout layout;
  for (Attribute step : weight.getRecipe()) {
    if (auto packed = dyn_cast<kernel::PackedAttr>(step))
      layout = {false, static_cast<uint32_t>(packed.getN()), static_cast<uint32_t>(packed.getK())};
    else if (!isa<model::ConvertAttr, qt::QuantizeWeightAttr>(step))
      return Status(Code::Internal,
                    ("weight " + weight.getSymName() + " has a recipe step that the packer does not know").str());
  }
  return layout;
}

std::string layoutText(const weights::Layout &layout) {
  if (layout.rowMajor)
    return "row-major";
  return "packed<n=" + std::to_string(layout.n) + ",k=" + std::to_string(layout.k) + ">";
}

} // namespace

Result<WeightTable> weightTable(ModuleOp module, const ModelDirectory &directory) {
  WeightTable table;
  const WeightLayout placed = layOutWeights(module);
  table.bytes = placed.bytes;
  for (const PlacedWeight &place : placed.weights) {
    model::WeightOp weight = place.weight;
    weights::PackJob job;
    job.name = weight.getSymName().str();
    TENON_ASSIGN(job.source, sourceOf(weight.getSource(), directory));
    job.stored = elementOf(weight.getTensorType().getElementType());
    TENON_ASSIGN(job.layout, layoutOf(weight));
    job.quantizer = quantizerOf(weight);
    job.offset = place.offset;
    job.bytes = place.bytes;

    auto entry = std::make_unique<schema::WeightT>();
    entry->name = job.name;
    entry->dtype = schemaType(job);
    entry->shape.assign(weight.getTensorType().getShape().begin(), weight.getTensorType().getShape().end());
    entry->layout = layoutText(job.layout);
    entry->format = weightFormatName(weight.getTensorType().getElementType());
    entry->slice = std::make_unique<schema::Slice>(place.offset, place.bytes, 0, schema::Region::Weights);
    table.jobs.push_back(std::move(job));
    table.entries.push_back(std::move(entry));
  }
  return table;
}

} // namespace tenon
