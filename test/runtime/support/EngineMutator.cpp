#include "runtime/support/EngineMutator.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Digest.h"
#include "runtime/schema/EngineHeader.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <type_traits>

namespace tenon::test {
namespace {

using Random = std::mt19937_64;

uint64_t below(Random &random, uint64_t limit) { return limit ? random() % limit : 0; }

// Numbers at which arithmetic breaks, numbers near the one that stands there, and any.
uint64_t numberFor(Random &random, uint64_t old) {
  static const uint64_t kNumbers[] = {0,          1,          2,          63,      64,         127,          4095,
                                      4096,       4097,       65535,      1 << 16, 0x7fffffff, 1u << 31,     0xffffffff,
                                      1ull << 32, 1ull << 40, 1ull << 63, ~0ull,   ~0ull - 63, ~0ull - 4095, 1 << 20};
  switch (random() % 6) {
  case 0:
  case 1:
    return kNumbers[below(random, std::size(kNumbers))];
  case 2:
    return old + 64 * (below(random, 65) - 32);
  case 3:
    return old ^ 1ull << below(random, 64);
  case 4:
    return random() % 2 ? old * 2 : old / 2;
  default:
    return random() >> below(random, 64);
  }
}

// Every number and text of an engine's tables, as something that can be changed.
class Fields {
public:
  explicit Fields(Random &random) : random_(random) {}

  template <typename T> void number(const char *name, T &field) {
    add(name, [this, &field] {
      if constexpr (std::is_floating_point_v<T>) {
        const float odd[] = {
            0, -1, 1e38f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1e-30f};
        field = odd[below(random_, std::size(odd))];
      } else if constexpr (std::is_enum_v<T>) {
        field = static_cast<T>(below(random_, 10));
      } else if constexpr (std::is_same_v<T, bool>) {
        field = !field;
      } else {
        field = static_cast<T>(numberFor(random_, static_cast<uint64_t>(field)));
      }
    });
  }
  void text(const char *name, std::string &field) {
    add(name, [this, &field] {
      switch (random_() % 4) {
      case 0:
        field.clear();
        break;
      case 1:
        field.assign(1 + below(random_, 3000), static_cast<char>(random_()));
        break;
      case 2:
        if (!field.empty())
          field[below(random_, field.size())] = static_cast<char>(random_());
        break;
      default:
        field += field;
      }
    });
  }
  void slice(const char *name, schema::Slice &s) {
    add(name, [this, &s] {
      uint64_t offset = s.offset(), bytes = s.bytes();
      uint32_t index = s.index();
      schema::Region region = s.region();
      for (uint64_t changes = 1 + below(random_, 2); changes > 0; --changes)
        switch (random_() % 5) {
        case 0:
          offset = numberFor(random_, offset);
          break;
        case 1:
          bytes = numberFor(random_, bytes);
          break;
        case 2:
          index = static_cast<uint32_t>(numberFor(random_, index));
          break;
        case 3:
          region = static_cast<schema::Region>(below(random_, 5));
          break;
        case 4: // on a boundary, where one more check has to hold
          offset = offset / 64 * 64 + 64 * below(random_, 100);
          break;
        }
      s = schema::Slice(offset, bytes, index, region);
    });
  }
  // Entries dropped, doubled, exchanged.
  template <typename T> void list(const char *name, std::vector<T> &entries) {
    add(name, [this, &entries] {
      if (entries.empty())
        return;
      const size_t at = below(random_, entries.size()), other = below(random_, entries.size());
      switch (random_() % 3) {
      case 0:
        entries.erase(entries.begin() + static_cast<ptrdiff_t>(at));
        break;
      case 1:
        std::swap(entries[at], entries[other]);
        break;
      default:
        if constexpr (std::is_copy_constructible_v<T>)
          entries.insert(entries.begin() + static_cast<ptrdiff_t>(at), T(entries[other]));
        else
          entries.push_back(std::make_unique<typename T::element_type>(*entries[other]));
      }
    });
  }

  std::string change() {
    auto &[name, apply] = all_[below(random_, all_.size())];
    apply();
    return name;
  }

private:
  void add(const char *name, std::function<void()> apply) { all_.emplace_back(name, std::move(apply)); }

  Random &random_;
  std::vector<std::pair<const char *, std::function<void()>>> all_;
};

void collect(Fields &fields, schema::ProgramT &program) {
  fields.text("program.entry", program.entry);
  fields.number("program.rows", program.rows);
  fields.list("program.steps", program.steps);
  for (auto &step : program.steps) {
    fields.number("step.kind", step->kind);
    fields.number("step.kernel", step->kernel);
    fields.list("step.args", step->args);
    for (schema::Slice &slice : step->args)
      fields.slice("step.arg", slice);
  }
}

void collect(Fields &fields, schema::VariantT &variant) {
  fields.text("variant.target", variant.target);
  fields.text("variant.features", variant.features);
  fields.number("variant.code", variant.code);
  // Thrice each, or they would be lost among the slices.
  for (int i = 0; i < 3; ++i) {
    fields.number("variant.arena_bytes", variant.arena_bytes);
    fields.number("variant.io_bytes", variant.io_bytes);
    fields.number("variant.kv_bytes", variant.kv_bytes);
    fields.list("variant.kernels", variant.kernels);
    fields.list("variant.programs", variant.programs);
    fields.list("variant.io", variant.io);
  }
  fields.number("variant.flops_per_byte", variant.flops_per_byte);
  for (auto &kernel : variant.kernels) {
    fields.text("kernel.symbol", kernel->symbol);
    fields.number("kernel.arg_count", kernel->arg_count);
    fields.number("kernel.flops", kernel->flops);
    fields.number("kernel.weight_bytes", kernel->weight_bytes);
    fields.list("kernel.args", kernel->args);
  }
  for (auto &io : variant.io) {
    fields.text("io.name", io->name);
    fields.number("io.dtype", io->dtype);
    fields.slice("io.slice", *io->slice);
    for (uint64_t &dimension : io->shape)
      fields.number("io.shape", dimension);
  }
  for (auto &program : variant.programs)
    collect(fields, *program);
}

void collect(Fields &fields, schema::EngineT &engine) {
  for (int i = 0; i < 8; ++i) {
    for (uint32_t *number : {&engine.shape->max_sequences, &engine.shape->max_context, &engine.kv->layers,
                             &engine.kv->kv_heads, &engine.kv->head_dim, &engine.kv->page_tokens, &engine.kv->pages})
      fields.number("shape or kv", *number);
    fields.number("kv.dtype", engine.kv->dtype);
    for (uint32_t &rows : engine.shape->body_rows)
      fields.number("body_rows", rows);
    for (uint32_t &rows : engine.shape->head_rows)
      fields.number("head_rows", rows);
    for (uint32_t *number : {&engine.model->vocab, &engine.model->hidden, &engine.model->layers})
      fields.number("model", *number);
    for (auto &segment : engine.segments) {
      fields.number("segment.kind", segment->kind);
      fields.number("segment.offset", segment->offset);
      fields.number("segment.bytes", segment->bytes);
      fields.text("segment.name", segment->name);
      fields.text("segment.external", segment->external);
    }
    fields.list("segments", engine.segments);
    for (auto &rank : engine.ranks) {
      fields.number("rank.weight_bytes", rank->weight_bytes);
      fields.list("rank.weight_segments", rank->weight_segments);
      fields.list("rank.variants", rank->variants);
      for (uint32_t &index : rank->weight_segments)
        fields.number("rank.weight_segments", index);
    }
    fields.list("ranks", engine.ranks);
  }
  for (auto *list : {&engine.options, &engine.key_fields})
    for (auto &field : *list)
      fields.text("key", field->value);
  for (auto &rank : engine.ranks) {
    for (auto &weight : rank->weights) {
      fields.slice("weight.slice", *weight->slice);
      fields.number("weight.dtype", weight->dtype);
      fields.text("weight.name", weight->name);
      for (uint64_t &dimension : weight->shape)
        fields.number("weight.shape", dimension);
    }
    for (auto &variant : rank->variants)
      collect(fields, *variant);
  }
}

// The metadata's own bytes: words, bits, and the lengths and offsets that a flatbuffer is made of.
void damageBytes(std::vector<uint8_t> &bytes, Random &random) {
  for (uint64_t changes = 1 + below(random, 3); changes > 0 && bytes.size() > 16; --changes) {
    const size_t width = size_t(1) << below(random, 4), at = below(random, bytes.size() - 8) / width * width;
    uint64_t old = 0;
    std::memcpy(&old, &bytes[at], width);
    const uint64_t number = random() % 2 ? numberFor(random, old) : old ^ 1ull << below(random, 8 * width);
    std::memcpy(&bytes[at], &number, width);
  }
}

Digest digestFor(const std::vector<uint8_t> &file, const schema::SegmentT &segment) {
  if (!rangeWithin(segment.offset, segment.bytes, file.size()))
    return {};
  return treeDigest(std::span(file).subspan(segment.offset, segment.bytes));
}

} // namespace

EngineMutator::EngineMutator(std::vector<uint8_t> engine) : good_(std::move(engine)) {
  EngineHeader header;
  std::memcpy(&header, good_.data(), sizeof header);
  metadata_.assign(good_.begin() + sizeof header,
                   good_.begin() + static_cast<ptrdiff_t>(sizeof header + header.metadataBytes));
}

std::vector<uint8_t> EngineMutator::mutant(uint64_t seed, std::string &what) const {
  Random random(seed * 0x9e3779b97f4a7c15ull + 1);
  std::vector<uint8_t> file = good_, metadata = metadata_;
  const uint64_t kind = below(random, 16);
  if (kind == 0) { // a file that was cut off or grew, its own size made right or not
    what = "size";
    file.resize(random() % 2 ? below(random, file.size()) : file.size() + below(random, 70000));
    const uint64_t size = file.size();
    if (random() % 4 && size >= 64)
      std::memcpy(&file[offsetof(EngineHeader, fileBytes)], &size, 8);
    return file;
  }
  if (kind == 1) { // the header as it stands
    what = "header";
    const size_t at = below(random, 56);
    const uint64_t number = numberFor(random, 0);
    std::memcpy(&file[at], &number, size_t(1) << below(random, 4));
    return file;
  }
  if (kind < 6) {
    what = "bytes";
    damageBytes(metadata, random);
  } else {
    std::unique_ptr<schema::EngineT> engine(schema::GetEngine(metadata_.data())->UnPack());
    if (kind < 8) { // the content of documents and weights
      what = "content";
      for (auto &segment : engine->segments)
        if (segment->kind != schema::SegmentKind::Code && random() % 2)
          for (uint64_t changes = 1 + below(random, 64); changes > 0; --changes)
            file[segment->offset + below(random, segment->bytes)] = static_cast<uint8_t>(random());
    } else {
      Fields fields(random);
      collect(fields, *engine);
      what = fields.change(); // one at least; pointers into the tables may not outlive the change of a list
      if (random() % 2) {
        Fields again(random);
        if (engine->shape && engine->kv)
          collect(again, *engine);
        what += ", " + again.change();
      }
    }
    for (auto &segment : engine->segments)
      if (segment->kind != schema::SegmentKind::Code) {
        const Digest digest = digestFor(file, *segment);
        segment->digest.assign(digest.begin(), digest.end());
      }
    flatbuffers::FlatBufferBuilder builder;
    builder.ForceDefaults(true);
    FinishEngineBuffer(builder, schema::Engine::Pack(builder, engine.get()));
    metadata.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  }
  // Segments keep their places, so there is room up to the first of them. What does not fit is cut off.
  uint64_t room = file.size();
  for (const schema::Segment *segment : *schema::GetEngine(metadata_.data())->segments())
    room = std::min(room, segment->offset());
  metadata.resize(std::min<uint64_t>(metadata.size(), room - sizeof(EngineHeader)));
  EngineHeader header;
  std::memcpy(&header, file.data(), sizeof header);
  header.metadataBytes = metadata.size();
  const Digest digest = digestOf(metadata);
  std::memcpy(header.digest, digest.data(), digest.size());
  std::memcpy(file.data(), &header, sizeof header);
  std::copy(metadata.begin(), metadata.end(), file.begin() + sizeof header);
  return file;
}

} // namespace tenon::test
