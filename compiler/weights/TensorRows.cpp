#include "compiler/weights/TensorRows.h"

#include "compiler/weights/BlockRows.h"
#include "compiler/weights/HeadRows.h"

#include <cassert>

namespace tenon::weights {

Element elementOf(TensorType type) {
  assert(isReadable(type) && "a type that cannot be computed with");
  return type == TensorType::BF16 ? Element::BF16 : type == TensorType::F16 ? Element::F16 : Element::F32;
}

Result<std::unique_ptr<RowSource>> tensorRows(const Checkpoint &checkpoint, const TensorInfo &tensor) {
  if (!isReadable(tensor.type))
    return Status(Code::Unsupported,
                  tensor.name + " has elements of type " + std::string(name(tensor.type)) + ", which cannot be read");
  const io::MappedFile &file = checkpoint.files()[tensor.file].file;
  uint64_t rows = 1;
  const uint64_t columns = tensor.shape.empty() ? 1 : static_cast<uint64_t>(tensor.shape.back());
  for (size_t d = 0; d + 1 < tensor.shape.size(); ++d)
    rows *= static_cast<uint64_t>(tensor.shape[d]);
  std::unique_ptr<RowSource> source;
  if (isQuantized(tensor.type))
    source = checkpointBlocks(file, tensor.offset, rows, columns,
                              tensor.type == TensorType::Q8_0 ? BlockFormat::Q8_0 : BlockFormat::Q4_0);
  else
    source = checkpointRows(file, tensor.offset, rows, columns, elementOf(tensor.type));
  if (tensor.interleavedHeads == 0)
    return source;

  const bool vector = tensor.shape.size() == 1;
  const uint64_t heads = static_cast<uint64_t>(tensor.interleavedHeads), outputs = vector ? columns : rows;
  if (outputs % (2 * heads) != 0)
    return Status(Code::InvalidFile, tensor.name + " has " + std::to_string(outputs) + " rows, expected " +
                                         std::to_string(heads) + " heads of an even number");
  return vector ? deinterleavedVector(std::move(source), outputs / heads)
                : deinterleavedRows(std::move(source), outputs / heads);
}

} // namespace tenon::weights
