#include "runtime/engine/EngineFile.h"
#include "runtime/engine/Verify.h"

#include "runtime/engine/HostCheck.h"
#include "runtime/schema/EngineHeader.h"
#include "runtime/support/ToyEngine.h"

#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenon {
namespace {

using test::ToyEngine;
using testing::HasSubstr;

class EngineFileTest : public testing::Test {
protected:
  test::TemporaryFolder folder;
  std::string path = folder.file("m.tenon");

  // Writes `bytes` and returns how open refuses them.
  Status refusal(std::span<const uint8_t> bytes) {
    test::writeFile(path, bytes);
    Result<EngineFile> file = EngineFile::open(path);
    EXPECT_FALSE(file.isOk());
    return file.isOk() ? Status::ok() : file.status();
  }
  // The toy's bytes with one header field changed.
  template <typename T> std::vector<uint8_t> withHeader(T EngineHeader::*field, T value) {
    std::vector<uint8_t> bytes = ToyEngine().bytes();
    EngineHeader header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    header.*field = value;
    std::memcpy(bytes.data(), &header, sizeof(header));
    return bytes;
  }
};

TEST_F(EngineFileTest, OpensAndShowsItsParts) {
  ToyEngine toy;
  toy.write(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk()) << file.status().message();
  EXPECT_EQ(file->metadata().model()->family()->string_view(), "toy");
  EXPECT_THAT(std::string(file->text(schema::SegmentKind::Tokenizer)), testing::StartsWith("{\"version\""));
  EXPECT_EQ(file->text(schema::SegmentKind::ChatTemplate), "");
  EXPECT_EQ(file->segment(1).size(), 64u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->segment(1).data()) % 4096, 0u);
  EXPECT_TRUE(file->verifyWeights(2).isOk());
  EXPECT_TRUE(file->attachExternalWeights().isOk());

  EngineFile moved = *std::move(file);
  EXPECT_EQ(moved.metadata().model()->vocab(), ToyEngine::kVocab);
}

TEST_F(EngineFileTest, RefusesWhatIsNotAnEngine) {
  EXPECT_EQ(EngineFile::open(folder.file("absent")).status().code(), Code::InvalidFile);
  EXPECT_THAT(refusal({}).message(), HasSubstr("expected at least 64 bytes, found 0"));
  std::vector<uint8_t> bytes(100, 'x');
  EXPECT_THAT(refusal(bytes).message(), HasSubstr("not an engine: its first 8 bytes are another format's"));
  std::memcpy(bytes.data(), kWeightsMagic, 8);
  EXPECT_THAT(refusal(bytes).message(), HasSubstr("name the engine that uses it"));
}

TEST_F(EngineFileTest, RefusesEveryHeaderFieldThatIsOff) {
  const Status newer = refusal(withHeader<uint16_t>(&EngineHeader::major, 3));
  EXPECT_THAT(newer.message(),
              HasSubstr("it is of a newer Tenon: format 3, this program reads 2\n  compile the engine"));
  // An engine of the format before kernels had arguments is whole, and is not called damaged.
  const Status older = refusal(withHeader<uint16_t>(&EngineHeader::major, 1));
  EXPECT_EQ(older.code(), Code::InvalidFile);
  EXPECT_THAT(older.message(),
              HasSubstr("it is of an older Tenon: format 1, this program reads 2\n  compile the engine"));
  EXPECT_THAT(older.message(), testing::Not(HasSubstr("damaged")));
  EXPECT_THAT(refusal(withHeader<uint32_t>(&EngineHeader::flags, 1)).message(), HasSubstr("header flags"));
  EXPECT_THAT(refusal(withHeader<uint64_t>(&EngineHeader::fileBytes, 1)).message(), HasSubstr("file size: expected 1"));
  for (uint64_t bytes : {uint64_t{0}, uint64_t{15}, kMaxMetadataBytes + 1, uint64_t{1} << 20, ~uint64_t{0}})
    EXPECT_THAT(refusal(withHeader<uint64_t>(&EngineHeader::metadataBytes, bytes)).message(),
                HasSubstr("metadata size"));
}

TEST_F(EngineFileTest, AcceptsALaterMinorVersion) {
  test::writeFile(path, withHeader<uint16_t>(&EngineHeader::minor, 7));
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk());
  EXPECT_EQ(file->formatMinor(), 7);
}

TEST_F(EngineFileTest, RefusesEveryTruncation) {
  std::vector<uint8_t> bytes = ToyEngine().bytes();
  for (size_t size = 0; size < bytes.size(); size += size < 200 ? 7 : 997)
    EXPECT_EQ(refusal(std::span(bytes).first(size)).code(), Code::InvalidFile) << size;
}

TEST_F(EngineFileTest, FindsDamageInMetadataAndCodeAtOnceAndInWeightsOnRequest) {
  ToyEngine toy;
  std::vector<uint8_t> good = toy.bytes();
  std::vector<uint8_t> bytes = good;
  bytes[sizeof(EngineHeader) + 40] ^= 1;
  Status status = refusal(bytes);
  EXPECT_EQ(status.code(), Code::Integrity);
  EXPECT_THAT(status.message(), HasSubstr("metadata digest"));

  bytes = good;
  bytes[toy.metadata.segments[0]->offset + 100] ^= 1;
  status = refusal(bytes);
  EXPECT_EQ(status.code(), Code::Integrity);
  EXPECT_THAT(status.message(), HasSubstr("digest of segments[0] 'code cpu:host'"));

  bytes = good;
  bytes[toy.metadata.segments[1]->offset + 3] ^= 1;
  test::writeFile(path, bytes);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk());
  status = file->verifyWeights(2);
  EXPECT_EQ(status.code(), Code::Integrity);
  EXPECT_THAT(status.message(), HasSubstr("digest of segments[1] 'weights rank 0'"));
}

TEST_F(EngineFileTest, RefusesABrokenFlatbuffer) {
  std::vector<uint8_t> metadata(64, 0xff);
  std::memcpy(metadata.data() + 4, "TNEN", 4);
  Status status = refusal(test::headerBytes(metadata, sizeof(EngineHeader) + metadata.size()));
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("expected a flatbuffer of the engine schema"));
}

TEST_F(EngineFileTest, RefusesVectorsOfMisalignedElements) {
  alignas(8) uint8_t bytes[64] = {};
  const Where at("args");
  using Slices = flatbuffers::Vector<const schema::Slice *>; // a length of 4 bytes, then the structs
  EXPECT_TRUE(checkAligned(at, *reinterpret_cast<const Slices *>(bytes + 4)).isOk());
  Status status = checkAligned(at, *reinterpret_cast<const Slices *>(bytes));
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("args: expected elements at multiples of 8 bytes"));
  using Shape = flatbuffers::Vector<uint64_t>;
  EXPECT_TRUE(checkAligned(at, *reinterpret_cast<const Shape *>(bytes + 4)).isOk());
  EXPECT_EQ(checkAligned(at, *reinterpret_cast<const Shape *>(bytes)).code(), Code::InvalidFile);
}

TEST_F(EngineFileTest, ReadsExternalWeightsFromItsOwnFolder) {
  std::string name = ToyEngine().writeExternal(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk()) << file.status().message();
  EXPECT_TRUE(file->segment(1).empty());
  EXPECT_EQ(file->verifyWeights(1).code(), Code::Usage);
  ASSERT_TRUE(file->attachExternalWeights().isOk());
  EXPECT_EQ(file->segment(1).size(), 64u);
  EXPECT_TRUE(file->verifyWeights(1).isOk());

  std::filesystem::current_path(folder.file(""));
  file = EngineFile::open("m.tenon");
  ASSERT_TRUE(file.isOk());
  EXPECT_TRUE(file->attachExternalWeights().isOk());
}

TEST_F(EngineFileTest, RefusesExternalWeightsThatDoNotFit) {
  std::string weights = folder.file(ToyEngine().writeExternal(path));
  std::vector<uint8_t> good = test::readFile(weights);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk());
  auto refused = [&](std::vector<uint8_t> bytes) {
    test::writeFile(weights, bytes);
    return file->attachExternalWeights();
  };
  std::vector<uint8_t> bytes = good;
  bytes[32] ^= 1; // the header's digest
  EXPECT_EQ(refused(bytes).code(), Code::Integrity);
  bytes = good;
  bytes.push_back(0); // longer, as the header does not know
  EXPECT_THAT(refused(bytes).message(), HasSubstr("file size: expected 4160, found 4161"));
  bytes[24] += 1; // longer, as the header says
  EXPECT_THAT(refused(bytes).message(), HasSubstr("file size: expected 4160, found 4161"));
  bytes = good;
  bytes[16] = 1; // metadata in a weights file
  EXPECT_THAT(refused(bytes).message(), HasSubstr("metadata size: expected 0"));
  EXPECT_EQ(refused({}).code(), Code::InvalidFile);
  std::filesystem::remove(weights);
  Status status = file->attachExternalWeights();
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr(weights));
}

TEST_F(EngineFileTest, ChoosesTheFirstOfEqualVariantsThatTheHostRuns) {
  ToyEngine toy;
  toy.rank().variants.push_back(std::make_unique<schema::VariantT>(toy.variant()));
  toy.rank().variants.push_back(std::make_unique<schema::VariantT>(toy.variant()));
  const char *features[] = {"avx2,amx-tile", "avx2,fma", ""};
  for (int i = 0; i < 3; ++i) {
    toy.rank().variants[i]->features = features[i];
    toy.rank().variants[i]->target = "cpu:" + std::to_string(i);
  }
  toy.write(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk()) << file.status().message();

  cpu::HostFeatures host = cpu::HostFeatures::get();
  host.features = {"avx2", "fma"};
  EXPECT_EQ(*chooseVariant(*file, host), 1u);
  host.features = {"amx-tile", "avx2", "fma"};
  EXPECT_EQ(*chooseVariant(*file, host), 0u);
  host.features = {};
  EXPECT_EQ(*chooseVariant(*file, host), 2u);
}

TEST_F(EngineFileTest, ChoosesTheFastestVariantThatTheHostRuns) {
  ToyEngine toy;
  const char *features[] = {"avx2", "avx2,fma", "", "avx2,amx-tile"};
  const float balance[] = {6, 24, 24, 64};
  while (toy.rank().variants.size() < std::size(features))
    toy.rank().variants.push_back(std::make_unique<schema::VariantT>(toy.variant()));
  for (size_t i = 0; i < std::size(features); ++i) {
    toy.rank().variants[i]->features = features[i];
    toy.rank().variants[i]->flops_per_byte = balance[i];
    toy.rank().variants[i]->target = "cpu:" + std::to_string(i);
  }
  toy.write(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk()) << file.status().message();

  cpu::HostFeatures host = cpu::HostFeatures::get();
  host.features = {"amx-tile", "avx2", "fma"};
  EXPECT_EQ(*chooseVariant(*file, host), 3u);
  host.features = {"avx2", "fma"};
  EXPECT_EQ(*chooseVariant(*file, host), 1u) << "of equals the first";
  host.features = {"avx2"};
  EXPECT_EQ(*chooseVariant(*file, host), 2u);
}

TEST_F(EngineFileTest, SaysWhatTheHostLacks) {
  ToyEngine toy;
  toy.variant().features = "avx2,amx-tile,fma";
  toy.write(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk());
  cpu::HostFeatures host = cpu::HostFeatures::get();
  host.features = {"avx2"};
  Status status = chooseVariant(*file, host).status();
  EXPECT_EQ(status.code(), Code::HostUnfit);
  EXPECT_THAT(status.message(), HasSubstr("'cpu:host' needs amx-tile, fma"));
  EXPECT_THAT(status.message(), HasSubstr("Tenon compiles for cpu:x86-64-v3 and later"));
  host.features = {"avx2", "bmi2", "f16c", "fma"};
  status = chooseVariant(*file, host).status();
  EXPECT_THAT(status.message(), HasSubstr("'cpu:host' needs amx-tile\n"));
  EXPECT_THAT(status.message(), HasSubstr("\n    tenon compile MODEL -o FILE --target=native\n  or elsewhere with "
                                          "--target=cpu:x86-64-v3;"));
  host.arch = "riscv64";
  EXPECT_THAT(chooseVariant(*file, host).status().message(), HasSubstr("'cpu:host' needs "));
}

TEST_F(EngineFileTest, RefusesCodeThatIsNoLibrary) {
  ToyEngine toy;
  toy.segments[0].assign(5000, 7);
  toy.write(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk());
  Status status = chooseVariant(*file, cpu::HostFeatures::get()).status();
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("ELF"));
}

TEST_F(EngineFileTest, RefusesAMachineWithLessMemory) {
  ToyEngine().write(path);
  Result<EngineFile> file = EngineFile::open(path);
  ASSERT_TRUE(file.isOk());
  const schema::Variant &variant = *file->metadata().ranks()->Get(0)->variants()->Get(0);
  uint64_t allocation = variant.kv_bytes() + variant.io_bytes() + variant.arena_bytes();
  EXPECT_TRUE(checkMemory(*file, variant, {.total = allocation + 64, .available = allocation}).isOk());
  Status status = checkMemory(*file, variant, {.total = 1 << 30, .available = allocation - 1});
  EXPECT_EQ(status.code(), Code::HostUnfit);
  EXPECT_THAT(status.message(), HasSubstr("(" + std::to_string(allocation) + " bytes)"));
  EXPECT_EQ(checkMemory(*file, variant, {.total = allocation + 63, .available = allocation}).code(), Code::HostUnfit);
}

} // namespace
} // namespace tenon
