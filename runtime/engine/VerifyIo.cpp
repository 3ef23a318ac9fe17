// The step buffers: the face between the runtime and a variant's programs.
#include "runtime/base/Checked.h"
#include "runtime/engine/Verify.h"

#include <algorithm>
#include <vector>

namespace tenon {

// The step buffers, in the order of docs/formats/engine.md.
Status verifyIo(const schema::Engine &engine, const schema::Variant &variant, const Where &at) {
  const schema::ShapeKey &shape = *engine.shape();
  uint64_t rows = shape.body_rows()->Get(shape.body_rows()->size() - 1);
  uint64_t selected = shape.head_rows()->Get(shape.head_rows()->size() - 1);
  uint64_t sequences = shape.max_sequences();
  uint64_t pages = pagesFor(shape.max_context(), engine.kv()->page_tokens());
  struct Expected {
    std::string_view name;
    schema::DType dtype;
    std::vector<uint64_t> shape;
    bool found;
  } buffers[] = {
      {"tokens", schema::DType::I32, {rows}, false},
      {"positions", schema::DType::I32, {rows}, false},
      {"slots", schema::DType::I32, {rows}, false},
      {"segments", schema::DType::I32, {std::min(rows, sequences), 4}, false},
      {"block_table", schema::DType::I32, {sequences, pages}, false},
      {"rows", schema::DType::I32, {selected}, false},
      {"hidden", schema::DType::F32, {rows, engine.model()->hidden()}, false},
      {"logits", schema::DType::F32, {selected, engine.model()->vocab()}, false},
  };

  std::vector<const schema::Slice *> slices;
  for (uint32_t i = 0; i < variant.io()->size(); ++i) {
    const schema::IoBuffer &buffer = *variant.io()->Get(i);
    Where here = at.element("io", i);
    std::string_view name = buffer.name()->string_view();
    auto *expected = std::find_if(std::begin(buffers), std::end(buffers), [&](auto &b) { return b.name == name; });
    if (expected == std::end(buffers))
      return contradiction(here.field("name"), "a step buffer that this runtime knows", quoted(name));
    if (expected->found)
      return contradiction(here.field("name"), "every step buffer once", quoted(name) + " again");
    expected->found = true;
    if (buffer.dtype() != expected->dtype)
      return contradiction(here.field("dtype"), std::string(EnumNameDType(expected->dtype)) + " for " + quoted(name),
                           "type " + std::to_string(static_cast<int>(buffer.dtype())));
    TENON_TRY(checkAligned(here.field("shape"), *buffer.shape()));
    if (!std::equal(buffer.shape()->begin(), buffer.shape()->end(), expected->shape.begin(), expected->shape.end())) {
      std::string dimensions;
      for (uint64_t dimension : expected->shape)
        dimensions += (dimensions.empty() ? "" : " x ") + std::to_string(dimension);
      return contradiction(here.field("shape"), dimensions + " for " + quoted(name), "another shape");
    }
    uint64_t bytes;
    if (!shapeBytes(*buffer.shape(), buffer.dtype(), bytes))
      return contradiction(here.field("shape"), "a product that fits 64 bits", "one that does not");
    const schema::Slice *slice = buffer.slice();
    if (!slice || slice->region() != schema::Region::Io || slice->index() != 0)
      return contradiction(here.field("slice"), "a slice of the io region", slice ? "another region" : "nothing");
    if (slice->offset() % kPointerAlignment != 0 || slice->bytes() != bytes ||
        !rangeWithin(slice->offset(), slice->bytes(), variant.io_bytes()))
      return contradiction(here.field("slice"),
                           std::to_string(bytes) + " bytes at a multiple of 64 within io_bytes (" +
                               std::to_string(variant.io_bytes()) + ")",
                           std::to_string(slice->bytes()) + " at " + std::to_string(slice->offset()));
    slices.push_back(slice);
  }
  for (const Expected &expected : buffers)
    if (!expected.found)
      return contradiction(at.field("io"), "a buffer " + quoted(expected.name), "none");

  std::sort(slices.begin(), slices.end(), [](auto *a, auto *b) { return a->offset() < b->offset(); });
  for (size_t i = 1; i < slices.size(); ++i)
    if (slices[i]->offset() - slices[i - 1]->offset() < slices[i - 1]->bytes())
      return contradiction(at.field("io"), "buffers that do not overlap",
                           "two at " + std::to_string(slices[i - 1]->offset()) + " and " +
                               std::to_string(slices[i]->offset()));
  return Status::ok();
}

} // namespace tenon
