#include "runtime/support/EngineProbe.h"

#include "runtime/engine/EngineFile.h"
#include "runtime/engine/HostCheck.h"
#include "runtime/engine/Verify.h"
#include "runtime/schema/EngineHeader.h"
#include "runtime/support/ToyEngine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon::test {

#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      std::fprintf(stderr, "%s:%d: accepted an engine although not: %s\n", __FILE__, __LINE__, #condition);            \
      std::abort();                                                                                                    \
    }                                                                                                                  \
  } while (0)

using Wide = unsigned __int128; // so that these checks cannot overflow, whatever the product's do

static void requireSlice(const schema::Engine &engine, const schema::Variant &variant, const schema::Slice &slice) {
  const schema::Rank &rank = *engine.ranks()->Get(0);
  REQUIRE(slice.region() <= schema::Region::MAX);
  REQUIRE(slice.index() < (slice.region() == schema::Region::Weights ? rank.weight_segments()->size() : 1));
  const Wide limit = regionBytes(engine, rank, variant, slice);
  REQUIRE(slice.bytes() > 0 && slice.offset() % 64 == 0 && Wide(slice.offset()) + slice.bytes() <= limit);
}

static void requireVariant(const EngineFile &file, const schema::Variant &variant) {
  const schema::Engine &engine = file.metadata();
  REQUIRE(variant.code() < engine.segments()->size());
  std::set<std::string> buckets;
  for (const schema::Program *program : *variant.programs()) {
    REQUIRE(buckets.insert(program->entry()->str() + std::to_string(program->rows())).second);
    for (const schema::Step *step : *program->steps()) {
      for (const schema::Slice *slice : *step->args())
        requireSlice(engine, variant, *slice);
      if (step->kind() == schema::StepKind::Launch) {
        const schema::Kernel &kernel = *variant.kernels()->Get(step->kernel());
        REQUIRE(step->args()->size() == kernel.arg_count() && kernel.args()->size() == kernel.arg_count());
        for (uint32_t i = 0; i < kernel.arg_count(); ++i) {
          REQUIRE(step->args()->Get(i)->bytes() == kernel.args()->Get(i)->bytes());
          REQUIRE((step->args()->Get(i)->region() == schema::Region::Weights) ==
                  (kernel.args()->Get(i)->place() == schema::ArgPlace::Weights));
        }
      } else
        REQUIRE(step->kind() == schema::StepKind::Copy && step->args()->size() == 2);
    }
  }
  for (uint32_t rows : *engine.shape()->body_rows())
    REQUIRE(buckets.count("body" + std::to_string(rows)));
  for (uint32_t rows : *engine.shape()->head_rows())
    REQUIRE(buckets.count("head" + std::to_string(rows)));
  std::set<std::string> names;
  for (const schema::IoBuffer *buffer : *variant.io()) {
    Wide bytes = 4;
    for (uint64_t dimension : *buffer->shape())
      bytes *= dimension;
    REQUIRE(buffer->slice() && buffer->slice()->bytes() == bytes);
    requireSlice(engine, variant, *buffer->slice());
    names.insert(buffer->name()->str());
  }
  REQUIRE(names.size() == 8);
  const schema::KvGeometry &kv = *engine.kv();
  Wide kvBytes = Wide(2) * kv.layers() * kv.kv_heads() * kv.head_dim() * kv.page_tokens() * 2;
  REQUIRE(kvBytes * kv.pages() <= variant.kv_bytes());
}

// Reads every byte of every segment and follows every index.
static void requireSound(const EngineFile &file) {
  const schema::Engine &engine = file.metadata();
  uint64_t sum = 0;
  for (uint32_t i = 0; i < engine.segments()->size(); ++i) {
    (void)file.text(engine.segments()->Get(i)->kind());
    for (uint8_t byte : file.segment(i))
      sum += byte;
  }
  (void)sum;
  for (const schema::Variant *variant : *engine.ranks()->Get(0)->variants())
    requireVariant(file, *variant);
  Result<uint32_t> chosen = chooseVariant(file, cpu::HostFeatures::get());
  REQUIRE(chosen.isOk() ? *chosen < engine.ranks()->Get(0)->variants()->size() : !chosen.status().message().empty());
}

EngineProbe::EngineProbe() : fd_(memfd_create("probe", MFD_CLOEXEC)) {
  std::vector<uint8_t> bytes = ToyEngine().bytes();
  EngineHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  good_.assign(bytes.begin() + sizeof(header), bytes.begin() + sizeof(header) + header.metadataBytes);
  fileBytes_ = bytes.size();
  if (fd_ < 0 || pwrite(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    std::abort();
}

EngineProbe::~EngineProbe() { close(fd_); }

bool EngineProbe::accepts(std::span<const uint8_t> metadata) { return acceptsFile(headerBytes(metadata, fileBytes_)); }

bool EngineProbe::acceptsFile(std::span<const uint8_t> headerAndMetadata) {
  if (headerAndMetadata.size() > fileBytes_ || pwrite(fd_, headerAndMetadata.data(), headerAndMetadata.size(), 0) !=
                                                   static_cast<ssize_t>(headerAndMetadata.size()))
    return false;
  Result<EngineFile> file = EngineFile::open("/proc/self/fd/" + std::to_string(fd_));
  if (file.isOk())
    requireSound(*file);
  else
    REQUIRE(!file.status().message().empty());
  return file.isOk();
}

} // namespace tenon::test
