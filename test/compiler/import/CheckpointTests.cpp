#include "compiler/import/Checkpoint.h"

#include "SafetensorsFile.h"
#include <algorithm>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace tenon;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

const std::string kModels = TENON_TEST_DATA "/models/";

std::vector<int64_t> shape(std::initializer_list<int64_t> sizes) { return sizes; }

std::string oneTensor(const std::string &name, const std::string &dtype = "F32") {
  return safetensorsFile("{" + entry(name, dtype, "[2,2]", 0, dtype == "F32" ? 16 : 4) + "}", dtype == "F32" ? 16 : 4);
}
std::string index(const std::string &map) { return "{\"metadata\":{\"total_size\":1},\"weight_map\":{" + map + "}}"; }

void expectRefused(const Folder &folder, const std::string &message, Code code = Code::InvalidFile) {
  auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_FALSE(checkpoint.isOk()) << "accepted; expected " << message;
  EXPECT_EQ(checkpoint.status().code(), code);
  EXPECT_THAT(checkpoint.status().message(), HasSubstr(message));
}

TEST(Checkpoint, OpensASingleFile) {
  auto checkpoint = Checkpoint::open(kModels + "verse-7m");
  ASSERT_TRUE(checkpoint.isOk()) << checkpoint.status().message();
  ASSERT_EQ(checkpoint->files().size(), 1u);
  EXPECT_EQ(checkpoint->files()[0].name, "model.safetensors");
  EXPECT_EQ(checkpoint->tensors().size(), 8u * 9 + 2);
  EXPECT_TRUE(std::is_sorted(checkpoint->tensors().begin(), checkpoint->tensors().end(),
                             [](auto &a, auto &b) { return a.name < b.name; }));
  auto embed = checkpoint->require("model.embed_tokens.weight", shape({4096, 256}));
  ASSERT_TRUE(embed.isOk()) << embed.status().message();
  EXPECT_EQ((*embed)->type, TensorType::BF16);
  EXPECT_EQ((*embed)->bytes, 2u * 4096 * 256);
  EXPECT_LE((*embed)->offset + (*embed)->bytes, checkpoint->files()[0].file.size());
  EXPECT_EQ(checkpoint->find("lm_head.weight"), nullptr);
}

// The sharded twin has the same tensors with the same bytes.
TEST(Checkpoint, ShardsHoldWhatOneFileHolds) {
  auto whole = Checkpoint::open(kModels + "verse-1m"), parts = Checkpoint::open(kModels + "verse-1m-sharded");
  ASSERT_TRUE(whole.isOk()) << whole.status().message();
  ASSERT_TRUE(parts.isOk()) << parts.status().message();
  EXPECT_EQ(parts->files().size(), 3u);
  ASSERT_EQ(whole->tensors().size(), parts->tensors().size());
  for (size_t i = 0; i < whole->tensors().size(); ++i) {
    const TensorInfo &a = whole->tensors()[i], &b = parts->tensors()[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.shape, b.shape);
    ASSERT_EQ(a.bytes, b.bytes);
    auto bytes = [](const Checkpoint &from, const TensorInfo &tensor) {
      auto all = from.files()[tensor.file].file.bytes().subspan(tensor.offset, tensor.bytes);
      return std::string(all.begin(), all.end());
    };
    EXPECT_EQ(bytes(*whole, a), bytes(*parts, b)) << a.name;
  }
}

TEST(Checkpoint, RequireSaysWhatIsWrongAndWhere) {
  Folder folder;
  std::string file =
      safetensorsFile("{" + entry("a", "F32", "[2,3]", 0, 24) + "," + entry("q", "I64", "[2]", 24, 40) + "}", 40);
  folder.write("model.safetensors", file);
  auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint.isOk()) << checkpoint.status().message();
  EXPECT_TRUE(checkpoint->require("a", shape({2, 3})).isOk());
  Status misshapen = checkpoint->require("a", shape({3, 2}), "hidden_size x vocab_size").status();
  EXPECT_EQ(misshapen.code(), Code::InvalidFile);
  EXPECT_EQ(misshapen.message(), "a has shape [2, 3], expected [3, 2] (hidden_size x vocab_size)\n"
                                 "  in model.safetensors, header byte 9\n"
                                 "  config.json and the weights seem to belong to different models");
  EXPECT_EQ(checkpoint->require("a", shape({2, 3, 1})).status().code(), Code::InvalidFile);
  EXPECT_EQ(checkpoint->require("a", shape({})).status().code(), Code::InvalidFile);
  Status missing = checkpoint->require("b", shape({7})).status();
  EXPECT_EQ(missing.code(), Code::InvalidFile);
  EXPECT_THAT(
      missing.message(),
      HasSubstr("b is missing, expected a tensor of shape [7]\n  looked at the 2 tensors of model.safetensors"));
  Status type = checkpoint->require("q", shape({2})).status();
  EXPECT_EQ(type.code(), Code::Unsupported);
  EXPECT_THAT(type.message(),
              HasSubstr("q has elements of type I64, expected BF16, F16 or F32, or GGUF's Q8_0 or Q4_0\n  in "
                        "model.safetensors, header byte"));
}

TEST(Checkpoint, SaysWhichFilesItLookedFor) {
  Folder folder;
  expectRefused(folder, "looked for model.safetensors and model.safetensors.index.json and found neither; use random:");
  folder.write("pytorch_model.bin", "x");
  expectRefused(folder, "found neither; pytorch_model.bin holds Python pickles");
}

TEST(Checkpoint, RefusesTwoSourcesOfWeights) {
  Folder folder;
  folder.write("model.safetensors", oneTensor("a"));
  folder.write("model.safetensors.index.json", index(R"("a":"model.safetensors")"));
  expectRefused(folder, "expected either model.safetensors or model.safetensors.index.json, found both");
}

TEST(Checkpoint, RefusesWhatIsNoRegularFile) {
  Folder folder;
  mkdir((folder / "model.safetensors").c_str(), 0700);
  expectRefused(folder, "expected a regular file, found a directory");
  Folder pipe;
  ASSERT_EQ(mkfifo((pipe / "model.safetensors").c_str(), 0600), 0);
  expectRefused(pipe, "expected a regular file, found a pipe"); // and does not hang
  Folder dangling;
  std::filesystem::create_symlink("nowhere", dangling / "model.safetensors");
  expectRefused(dangling, "model.safetensors");
}

// The cache of Hugging Face holds links from snapshots to blobs.
TEST(Checkpoint, FollowsLinks) {
  Folder blobs, snapshot;
  blobs.write("0123abcd", oneTensor("a"));
  std::filesystem::create_symlink(blobs / "0123abcd", snapshot / "model.safetensors");
  EXPECT_TRUE(Checkpoint::open(snapshot.path()).isOk());
}

class ShardName : public testing::TestWithParam<std::string> {};
TEST_P(ShardName, ThatLeavesTheFolderIsRefused) {
  Folder outside;
  outside.write("secret.safetensors", oneTensor("a"));
  std::filesystem::create_directory(outside / "model");
  Folder folder;
  folder.write("model.safetensors.index.json", index("\"a\":\"" + GetParam() + "\""));
  expectRefused(folder,
                "model.safetensors.index.json: weight_map.a: expected the plain name of a file in the same folder");
}
INSTANTIATE_TEST_SUITE_P(Checkpoint, ShardName,
                         testing::Values("../secret.safetensors", "/etc/passwd", "sub/a.safetensors", "..", ".", "",
                                         "a\\u0000.safetensors", "..\\\\a.safetensors", "a\\n.safetensors",
                                         "./a.safetensors", std::string(256, 'x')));

TEST(Checkpoint, IndexAndShardsMustAgree) {
  Folder folder;
  const std::string kIndex = "model.safetensors.index.json";
  folder.write("1.safetensors", oneTensor("a"));
  folder.write("2.safetensors", oneTensor("b"));
  folder.write(kIndex, index(R"("a":"1.safetensors","b":"2.safetensors")"));
  auto sound = Checkpoint::open(folder.path());
  ASSERT_TRUE(sound.isOk()) << sound.status().message();
  EXPECT_EQ(sound->files()[sound->find("b")->file].name, "2.safetensors");

  folder.write(kIndex, index(R"("a":"1.safetensors","b":"2.safetensors","c":"2.safetensors")"));
  expectRefused(folder, "\"c\" should be in 2.safetensors, which has no such tensor");
  folder.write(kIndex, index(R"("0":"1.safetensors","a":"1.safetensors","b":"2.safetensors")"));
  expectRefused(folder, "\"0\" should be in 1.safetensors, which has no such tensor");
  folder.write(kIndex, index(R"("a":"2.safetensors","b":"1.safetensors")"));
  expectRefused(folder, "\"a\" should be in 2.safetensors, but is in 1.safetensors");
  folder.write(kIndex, index(R"("a":"1.safetensors","b":"3.safetensors")"));
  expectRefused(folder, "3.safetensors");
  folder.write(kIndex, index(R"("a":"1.safetensors","a":"2.safetensors")"));
  expectRefused(folder, "the key \"a\" occurs twice");

  folder.write("2.safetensors",
               safetensorsFile("{" + entry("b", "F32", "[]", 0, 4) + "," + entry("x", "F32", "[]", 4, 8) + "}", 8));
  folder.write(kIndex, index(R"("a":"1.safetensors","b":"2.safetensors")"));
  expectRefused(folder, "\"x\" is in 2.safetensors but not in weight_map");
  folder.write("2.safetensors",
               safetensorsFile("{" + entry("b", "F32", "[]", 0, 4) + "," + entry("0", "F32", "[]", 4, 8) + "}", 8));
  expectRefused(folder, "\"0\" is in 2.safetensors but not in weight_map");
  folder.write("2.safetensors",
               safetensorsFile("{" + entry("b", "F32", "[]", 0, 4) + "," + entry("a", "F32", "[]", 4, 8) + "}", 8));
  expectRefused(folder, "\"a\" is in both 1.safetensors and 2.safetensors, expected 1.safetensors alone");
}

TEST(Checkpoint, RefusesABrokenIndex) {
  Folder folder;
  const std::string kIndex = "model.safetensors.index.json";
  folder.write(kIndex, "");
  expectRefused(folder, kIndex + ": expected JSON");
  folder.write(kIndex, "[]");
  expectRefused(folder, kIndex + ": top level: expected an object");
  folder.write(kIndex, "{}");
  expectRefused(folder, kIndex + ": top level: expected the key \"weight_map\", which is missing");
  folder.write(kIndex, R"({"weight_map":[]})");
  expectRefused(folder, kIndex + ": weight_map: expected an object, got an array");
  folder.write(kIndex, R"({"weight_map":{}})");
  expectRefused(folder, kIndex + ": weight_map: expected at least one tensor");
  folder.write(kIndex, R"({"weight_map":{"a":1}})");
  expectRefused(folder, kIndex + ": weight_map.a: expected a string, got 1");
  std::string many;
  for (int i = 0; i < 1001; ++i)
    many += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"" + std::to_string(i) + ".safetensors\"";
  folder.write(kIndex, index(many));
  expectRefused(folder, "names 1001 files, expected at most 1000");
}

TEST(Checkpoint, NoTensorIsLeftOutInSilence) {
  Folder folder;
  std::string header = "{";
  for (int i = 0; i < 5; ++i)
    header += entry("t" + std::to_string(i), "F32", "[1]", 4 * i, 4 * i + 4) + ",";
  folder.write("model.safetensors",
               safetensorsFile(header + entry("0.rotary_emb.inv_freq", "F32", "[1]", 20, 24) + "}", 24));
  auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint.isOk()) << checkpoint.status().message();
  const std::string_view all[] = {"t4", "t3", "t2", "t1", "t0", "elsewhere"}, some[] = {"t3"},
                         most[] = {"t0", "t1", "t2", "t3"};
  const std::string_view harmless[] = {".rotary_emb.inv_freq"};
  EXPECT_TRUE(checkpoint->checkAllTaken(all, harmless).isOk());
  Status status = checkpoint->checkAllTaken(some, harmless);
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_THAT(status.message(),
              HasSubstr("hold 4 tensors that the model built from config.json does not use: t0 [1] in "
                        "model.safetensors, t1 [1] in model.safetensors, t2 [1] in model.safetensors, ..."));
  EXPECT_THAT(checkpoint->checkAllTaken(most, harmless).message(), HasSubstr("hold 1 tensor that"));
  EXPECT_THAT(checkpoint->checkAllTaken(all, {}).message(), HasSubstr("0.rotary_emb.inv_freq"));
}

// A checkpoint of any size costs its header: the data here is a hole of 32 GiB in the file.
TEST(Checkpoint, ReadsNothingBeyondTheHeader) {
  Folder folder;
  std::string file = safetensorsFile("{" + entry("w", "BF16", "[131072,131072]", 0, 1ull << 35) + "}", 0);
  folder.write("model.safetensors", file);
  if (truncate((folder / "model.safetensors").c_str(), static_cast<off_t>(file.size() + (1ull << 35))) != 0)
    GTEST_SKIP() << "this file system has no files of 32 GiB";
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  auto checkpoint = Checkpoint::open(folder.path());
  getrusage(RUSAGE_SELF, &after);
  ASSERT_TRUE(checkpoint.isOk()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->tensors()[0].bytes, 1ull << 35);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024) << "KiB";
}

} // namespace
