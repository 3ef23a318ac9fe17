#include "runtime/support/ToyEngine.h"

#include "runtime/base/Digest.h"
#include "runtime/schema/ArgPlaces.h"
#include "runtime/schema/EngineHeader.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace tenon::test {

using namespace schema;

static constexpr uint64_t kSegmentsBegin = 64 << 10;

static uint64_t alignUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

static std::unique_ptr<KeyValueT> pair(const char *key, const char *value) {
  auto made = std::make_unique<KeyValueT>();
  made->key = key;
  made->value = value;
  return made;
}

static std::unique_ptr<SegmentT> segment(SegmentKind kind, const char *name) {
  auto made = std::make_unique<SegmentT>();
  made->kind = kind;
  made->name = name;
  return made;
}

namespace {
// Hands out 64-byte aligned ranges of the io region.
struct IoBuilder {
  VariantT &variant;
  uint64_t end = 0;

  Slice add(const char *name, DType dtype, std::vector<uint64_t> shape) {
    uint64_t bytes = 4;
    for (uint64_t dimension : shape)
      bytes *= dimension;
    auto buffer = std::make_unique<IoBufferT>();
    buffer->name = name;
    buffer->dtype = dtype;
    buffer->shape = std::move(shape);
    Slice slice(end, bytes, 0, Region::Io);
    buffer->slice = std::make_unique<Slice>(slice);
    variant.io.push_back(std::move(buffer));
    end = alignUp(end + bytes, 64);
    return slice;
  }
};
} // namespace

static uint32_t addKernel(VariantT &variant, const std::string &symbol, const char *anchor, uint32_t args,
                          uint64_t flops) {
  auto kernel = std::make_unique<KernelT>();
  kernel->symbol = symbol;
  kernel->anchor = anchor;
  kernel->arg_count = args;
  kernel->flops = flops;
  kernel->weight_bytes = 1024;
  kernel->activation_bytes = 256;
  variant.kernels.push_back(std::move(kernel));
  return variant.kernels.size() - 1;
}

static std::unique_ptr<StepT> launch(uint32_t kernel, std::vector<Slice> args) {
  auto step = std::make_unique<StepT>();
  step->kind = StepKind::Launch;
  step->kernel = kernel;
  step->args = std::move(args);
  return step;
}

// A byte-level tokenizer of single characters: a-z, A-Z, 0-9, space, and the stop token.
static std::string toyTokenizer() {
  std::string vocab;
  int id = 0;
  auto add = [&](const std::string &token) {
    vocab += (id ? ",\"" : "\"") + token + "\":" + std::to_string(id);
    ++id;
  };
  for (char c = 'a'; c <= 'z'; ++c)
    add({c});
  for (char c = 'A'; c <= 'Z'; ++c)
    add({c});
  for (char c = '0'; c <= '9'; ++c)
    add({c});
  add("\u0120");
  return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":63,"content":"<end>",)"
         R"("single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":null,)"
         R"("pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},)"
         R"("post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,)"
         R"("use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,)"
         R"("end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"vocab":{)" +
         vocab + R"(,"<end>":63},"merges":[]}})";
}

static Slice prefix(const Slice &slice, uint64_t bytes) {
  return Slice(slice.offset(), bytes, slice.index(), slice.region());
}

ToyEngine::ToyEngine() {
  metadata.compiler = "toy";
  metadata.model = std::make_unique<ModelInfoT>();
  ModelInfoT &model = *metadata.model;
  model.family = "toy";
  model.name = "toy";
  model.hidden = kHidden;
  model.layers = 1;
  model.heads = 1;
  model.vocab = kVocab;
  model.config = "{}";
  model.eos_ids = {kStopToken};
  metadata.options.push_back(pair("target", "cpu:host"));
  metadata.key_fields.push_back(pair("model", "toy"));
  metadata.key_fields.push_back(pair("target", "cpu:host"));

  metadata.shape = std::make_unique<ShapeKeyT>();
  metadata.shape->body_rows = {1, 2, 4, 8};
  metadata.shape->head_rows = {1, 2};
  metadata.shape->max_sequences = kMaxSequences;
  metadata.shape->max_context = kMaxContext;
  metadata.kv = std::make_unique<KvGeometryT>();
  metadata.kv->layers = 1;
  metadata.kv->kv_heads = 1;
  metadata.kv->head_dim = kHeadDim;
  metadata.kv->page_tokens = kPageTokens;
  metadata.kv->pages = kPages;
  metadata.kv->dtype = DType::F32;

  metadata.segments.push_back(segment(SegmentKind::Code, "code cpu:host"));
  segments.push_back(readFile(TENON_TOY_CODE));
  metadata.segments.push_back(segment(SegmentKind::Weights, "weights rank 0"));
  std::vector<float> weights(16, kShift);
  segments.emplace_back(64);
  std::memcpy(segments.back().data(), weights.data(), 64);
  metadata.segments.push_back(segment(SegmentKind::Tokenizer, "tokenizer.json"));
  std::string tokenizer = toyTokenizer();
  segments.emplace_back(tokenizer.begin(), tokenizer.end());

  metadata.ranks.push_back(std::make_unique<RankT>());
  rank().weight_segments = {1};
  auto weight = std::make_unique<WeightT>();
  weight->name = "shift";
  weight->dtype = DType::F32;
  weight->shape = {16};
  weight->layout = "row-major";
  Slice shift(0, 64, 0, Region::Weights);
  weight->slice = std::make_unique<Slice>(shift);
  rank().weights.push_back(std::move(weight));

  rank().variants.push_back(std::make_unique<VariantT>());
  VariantT &v = variant();
  v.target = "cpu:host";
  v.code = 0;
  constexpr uint32_t kRows = 8, kSelected = 2;
  IoBuilder io{v};
  Slice tokens = io.add("tokens", DType::I32, {kRows});
  Slice positions = io.add("positions", DType::I32, {kRows});
  Slice slots = io.add("slots", DType::I32, {kRows});
  Slice rowSegments = io.add("segments", DType::I32, {kMaxSequences, 4});
  Slice table = io.add("block_table", DType::I32, {kMaxSequences, kMaxContext / kPageTokens});
  Slice rows = io.add("rows", DType::I32, {kSelected});
  Slice hidden = io.add("hidden", DType::F32, {kRows, kHidden});
  Slice logits = io.add("logits", DType::F32, {kSelected, kVocab});
  v.io_bytes = alignUp(io.end, 4096);
  uint64_t keyBytes = uint64_t(kPages) * kHeadDim * kPageTokens * 4;
  v.kv_bytes = alignUp(2 * keyBytes, 4096);
  v.arena_bytes = 4096;
  Slice keys(0, keyBytes, 0, Region::Kv);

  for (uint32_t n : metadata.shape->body_rows) {
    uint64_t segmentRows = std::min(n, kMaxSequences);
    uint32_t append = addKernel(v, "toy_append_" + std::to_string(n), "cache", 5, 10 * n);
    uint32_t attend = addKernel(v, "toy_attend_" + std::to_string(n), "attention", 4, 100 * n);
    Slice result(0, n * kHidden * 4, 0, Region::Arena);
    auto program = std::make_unique<ProgramT>();
    program->entry = "body";
    program->rows = n;
    program->steps.push_back(
        launch(append, {prefix(tokens, 4 * n), prefix(positions, 4 * n), prefix(slots, 4 * n), table, keys}));
    program->steps.push_back(launch(attend, {prefix(rowSegments, 16 * segmentRows), table, keys, result}));
    auto copy = std::make_unique<StepT>();
    copy->kind = StepKind::Copy;
    copy->args = {prefix(hidden, n * kHidden * 4), result};
    program->steps.push_back(std::move(copy));
    v.programs.push_back(std::move(program));
  }
  for (uint32_t m : metadata.shape->head_rows) {
    uint32_t head = addKernel(v, "toy_head_" + std::to_string(m), "gemv", 4, 64 * m);
    auto program = std::make_unique<ProgramT>();
    program->entry = "head";
    program->rows = m;
    program->steps.push_back(launch(head, {hidden, prefix(rows, 4 * m), shift, prefix(logits, 4 * m * kVocab)}));
    v.programs.push_back(std::move(program));
  }
  for (const auto &p : v.programs)
    for (const auto &step : p->steps)
      if (std::vector<KernelArg> *args = step->kind == StepKind::Launch ? &v.kernels[step->kernel]->args : nullptr;
          args && args->empty())
        for (const Slice &slice : step->args)
          args->emplace_back(slice.bytes(), *placeOfSlice(slice, [&](uint64_t offset) {
                               for (const auto &buffer : v.io)
                                 if (buffer->slice->offset() == offset)
                                   return std::string_view(buffer->name);
                               return std::string_view();
                             }));
  layOut();
}

ProgramT &ToyEngine::program(const char *entry, uint32_t rows) {
  for (auto &program : variant().programs)
    if (program->entry == entry && program->rows == rows)
      return *program;
  std::abort();
}

void ToyEngine::layOut() {
  uint64_t offset = kSegmentsBegin;
  offsets_.assign(segments.size(), 0);
  for (size_t i = 0; i < segments.size(); ++i) {
    SegmentT &segment = *metadata.segments[i];
    Digest digest = treeDigest(segments[i]);
    segment.digest.assign(digest.begin(), digest.end());
    segment.bytes = segments[i].size();
    if (!segment.external.empty()) {
      segment.offset = kSegmentAlignment;
      continue;
    }
    segment.offset = offsets_[i] = offset;
    offset = alignUp(offset + segments[i].size(), kSegmentAlignment);
  }
  rank().weight_bytes = 0;
  for (uint32_t index : rank().weight_segments)
    rank().weight_bytes += segments[index].size();
}

std::vector<uint8_t> headerBytes(std::span<const uint8_t> metadata, uint64_t fileBytes) {
  EngineHeader header{};
  std::memcpy(header.magic, kEngineMagic, sizeof(kEngineMagic));
  header.major = kFormatMajor;
  header.minor = kFormatMinor;
  header.metadataBytes = metadata.size();
  header.fileBytes = fileBytes;
  Digest digest = digestOf(metadata);
  std::memcpy(header.digest, digest.data(), digest.size());
  std::vector<uint8_t> bytes(sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
  bytes.insert(bytes.end(), metadata.begin(), metadata.end());
  return bytes;
}

std::vector<uint8_t> ToyEngine::bytes() const {
  flatbuffers::FlatBufferBuilder builder;
  FinishEngineBuffer(builder, Engine::Pack(builder, &metadata));
  std::vector<uint8_t> tail;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (offsets_[i] == 0)
      continue;
    uint64_t at = offsets_[i] - kSegmentsBegin;
    tail.resize(std::max<uint64_t>(tail.size(), at + segments[i].size()));
    std::memcpy(tail.data() + at, segments[i].data(), segments[i].size());
  }
  std::vector<uint8_t> bytes =
      headerBytes({builder.GetBufferPointer(), builder.GetSize()}, kSegmentsBegin + tail.size());
  if (bytes.size() > kSegmentsBegin)
    std::abort();
  bytes.resize(kSegmentsBegin);
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

void ToyEngine::write(const std::string &path) {
  layOut();
  writeFile(path, bytes());
}

std::string ToyEngine::writeExternal(const std::string &path) {
  Digest digest = treeDigest(segments[1]);
  std::string name = toHex(digest) + ".tnw";
  metadata.segments[1]->external = name;
  write(path);

  EngineHeader header{};
  std::memcpy(header.magic, kWeightsMagic, sizeof(kWeightsMagic));
  header.major = kWeightsMajor;
  header.minor = kWeightsMinor;
  header.fileBytes = kSegmentAlignment + segments[1].size();
  std::memcpy(header.digest, digest.data(), digest.size());
  std::vector<uint8_t> bytes(kSegmentAlignment);
  std::memcpy(bytes.data(), &header, sizeof(header));
  bytes.insert(bytes.end(), segments[1].begin(), segments[1].end());
  writeFile(path.substr(0, path.rfind('/') + 1) + name, bytes);
  return name;
}

int32_t toyNext(std::span<const int32_t> tokens) {
  uint32_t hash = 1;
  for (int32_t token : tokens)
    hash = hash * 1664525 + static_cast<uint32_t>(token) + 1013904223;
  return (static_cast<int32_t>((hash >> 16) % ToyEngine::kVocab) + static_cast<int32_t>(ToyEngine::kShift)) %
         ToyEngine::kVocab;
}

void writeFile(const std::string &path, std::span<const uint8_t> bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.flush().good()) << path;
}

std::vector<uint8_t> readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = testing::TempDir() + "/tenon-XXXXXX";
  path_ = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace tenon::test
