#include "compiler/interpret/ModelContents.h"
#include "compiler/families/RopeAttribute.h"
#include "compiler/families/WeightTable.h"
#include "compiler/weights/TensorRows.h"
#include "dialects/model/Model.h"
#include "dialects/model/ReferenceTensor.h"
#include "dialects/qt/Qt.h"

#include <limits>

using namespace mlir;
using namespace tenon;

static weights::Element elementOf(Type type) {
  return type.isBF16() ? weights::Element::BF16 : type.isF16() ? weights::Element::F16 : weights::Element::F32;
}

// [N][K] as it is; a vector is one row.
static std::pair<uint64_t, uint64_t> rowsAndColumns(RankedTensorType type) {
  uint64_t columns = type.getRank() ? static_cast<uint64_t>(type.getShape().back()) : 1;
  return {columns ? static_cast<uint64_t>(type.getNumElements()) / columns : 0, columns};
}

static Result<std::unique_ptr<weights::RowSource>> openCheckpoint(model::CheckpointAttr source,
                                                                  const ModelDirectory &directory) {
  auto [rows, columns] = rowsAndColumns(source.getType());
  weights::Element element = elementOf(source.getType().getElementType());
  if (directory.weights == WeightSource::Zeros)
    return weights::zeroRows(rows, columns, element);
  std::string_view name(source.getName().data(), source.getName().size());
  if (directory.weights == WeightSource::Random)
    return weights::randomRows(name, rows, columns, element);
  const Checkpoint &checkpoint = *directory.checkpoint;
  TENON_ASSIGN(const TensorInfo *tensor, checkpoint.require(name, source.getType().getShape()));
  const Type stored = weightElementType(source.getContext(), tensor->type, source.getType().getShape().size());
  if (stored != source.getType().getElementType())
    return Status(Code::InvalidFile,
                  std::string(name) + " has elements of type " + std::string(tenon::name(tensor->type)) +
                      ", expected the type that the module names; was it built for another checkpoint?");
  return weights::tensorRows(checkpoint, *tensor);
}

static Result<std::unique_ptr<weights::RowSource>> openSource(Attribute source, const ModelDirectory &directory) {
  if (auto checkpoint = dyn_cast<model::CheckpointAttr>(source))
    return openCheckpoint(checkpoint, directory);
  auto attribute = dyn_cast<model::RopeTableAttr>(source);
  if (!attribute)
    return Status(Code::Unsupported, "a source of weights that the interpreter does not know");
  TENON_ASSIGN(RopeTable table, ropeTableOf(attribute));
  auto shared = std::make_shared<RopeTable>(std::move(table));
  auto [rows, columns] = rowsAndColumns(attribute.getSourceType());
  return weights::generatedRows(rows, columns, [shared](uint64_t first, uint64_t count, float *out) {
    shared->rows(static_cast<int64_t>(first), static_cast<int64_t>(count), out);
  });
}

// An empty quantized matrix of `type`.
static std::shared_ptr<ref::Tensor> makeCodes(RankedTensorType type) {
  int64_t group = qt::schemeOf(type).getStorage().group, columns = type.getDimSize(1);
  auto tensor = std::make_shared<ref::Tensor>();
  tensor->shape.assign(type.getShape().begin(), type.getShape().end());
  tensor->group = group ? group : columns;
  tensor->i32.resize(static_cast<size_t>(type.getNumElements()));
  tensor->scales.resize(static_cast<size_t>(type.getDimSize(0) * llvm::divideCeil(columns, tensor->group)));
  return tensor;
}

// The same codes as the packer's, which asks the same scheme.
static std::shared_ptr<ref::Tensor> quantize(const ref::Tensor &numbers, RankedTensorType type) {
  qt::Scheme scheme = qt::schemeOf(type);
  auto tensor = makeCodes(type);
  int64_t columns = type.getDimSize(1);
  std::vector<uint8_t> codes(static_cast<size_t>(tensor->group));
  size_t slot = 0;
  for (int64_t r = 0; r < type.getDimSize(0); ++r)
    for (int64_t first = 0; first < columns; first += tensor->group, ++slot) {
      int64_t count = std::min(tensor->group, columns - first), at = r * columns + first;
      auto zero = static_cast<uint8_t>(scheme.getStorage().fixedZero());
      scheme.quantizeGroup(numbers.f32.data() + at, count, codes.data(), tensor->scales[slot], zero);
      for (int64_t i = 0; i < count; ++i)
        tensor->i32[static_cast<size_t>(at + i)] = codes[static_cast<size_t>(i)] - zero;
    }
  return tensor;
}

// The codes that the source itself has.
static Result<std::shared_ptr<ref::Tensor>> readCodes(const weights::RowSource &source, RankedTensorType type) {
  auto tensor = makeCodes(type);
  std::vector<uint8_t> codes(tensor->i32.size());
  std::vector<uint16_t> scales(tensor->scales.size());
  TENON_TRY(source.readCodes(0, source.rows(), codes.data(), scales.data()));
  auto zero = static_cast<int32_t>(qt::schemeOf(type).getStorage().fixedZero());
  llvm::transform(codes, tensor->i32.begin(), [zero](uint8_t code) { return code - zero; });
  llvm::transform(scales, tensor->scales.begin(), weights::f16ToFloat);
  return tensor;
}

static Result<std::shared_ptr<ref::Tensor>> readNumbers(const weights::RowSource &source, RankedTensorType type) {
  uint64_t count = source.rows() * source.columns();
  std::vector<uint8_t> bytes(count * weights::elementBytes(source.element()));
  TENON_TRY(source.read(0, source.rows(), bytes.data()));
  auto tensor = std::make_shared<ref::Tensor>();
  tensor->shape.assign(type.getShape().begin(), type.getShape().end());
  tensor->f32.resize(count);
  weights::convertElements(source.element(), bytes.data(), weights::Element::F32, tensor->f32.data(), count);
  return tensor;
}

static Result<std::shared_ptr<ref::Tensor>> readWeight(model::WeightOp op, const ModelDirectory &directory) {
  TENON_ASSIGN(std::unique_ptr<weights::RowSource> source, openSource(op.getSource(), directory));
  RankedTensorType type = op.getSourceType(), stored = op.getTensorType();
  if (qt::schemeOf(stored) && type.getElementType() == stored.getElementType())
    return readCodes(*source, stored);
  TENON_ASSIGN(std::shared_ptr<ref::Tensor> tensor, readNumbers(*source, stored));
  for (auto step : op.getRecipe().getAsRange<RecipeStep>()) {
    RankedTensorType next = step.apply(type, [&] { return op.emitOpError(); });
    if (qt::schemeOf(next) && next.getElementType() != type.getElementType())
      tensor = quantize(*tensor, next);
    else if (next.getElementType() != type.getElementType())
      tensor = ref::finish(std::move(tensor), next.getElementType()).tensor;
    type = next;
  }
  return tensor;
}

std::shared_ptr<ref::Tensor> ModelContents::weight(StringRef symbol) {
  std::shared_ptr<ref::Tensor> &known = weights_[symbol];
  if (known)
    return known;
  auto op = module_.lookupSymbol<model::WeightOp>(symbol);
  Result<std::shared_ptr<ref::Tensor>> read = readWeight(op, directory_);
  if (read.isOk())
    return known = *read;
  op.emitError() << read.status().message();
  return nullptr;
}

std::shared_ptr<ref::Cache> ModelContents::cache(StringRef symbol) {
  std::shared_ptr<ref::Cache> &known = caches_[symbol];
  if (!known) {
    auto type = cast<model::CacheType>(module_.lookupSymbol<model::CacheOp>(symbol).getType());
    known = std::make_shared<ref::Cache>(
        ref::Cache{type.getPages(), type.getKvHeads(), type.getPageTokens(), type.getHeadDim(), {}, {}, {}, {}});
    size_t elements =
        static_cast<size_t>(type.getPages() * type.getKvHeads() * type.getPageTokens() * type.getHeadDim());
    known->keys.assign(elements, std::numeric_limits<float>::quiet_NaN());
    known->values = known->keys;
  }
  return known;
}
