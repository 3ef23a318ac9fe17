// Files that another program wrote (test/golden/gguf/make.py), against what that program makes of them.
#include "GgufFile.h"
#include "SafetensorsFile.h"
#include "compiler/import/ModelDirectory.h"
#include "compiler/weights/BlockRows.h"
#include "compiler/weights/Quantizer.h"
#include "compiler/weights/TensorRows.h"
#include "runtime/base/Digest.h"
#include "runtime/text/Tokenizer.h"
#include <gmock/gmock.h>
#include <map>

using namespace tenon;

namespace {

const std::string kGoldens = TENON_TEST_DATA "/golden/gguf/";
const std::string kVerse = TENON_TEST_DATA "/models/verse-1m/";

JsonDocument readJson(const std::string &path) {
  auto file = io::MappedFile::open(path);
  EXPECT_TRUE(file.isOk()) << file.status().message();
  auto document = parseJson({reinterpret_cast<const char *>(file->bytes().data()), file->bytes().size()}, path);
  EXPECT_TRUE(document.isOk()) << document.status().message();
  return *std::move(document);
}

ModelDirectory openModel(const std::string &source) {
  auto model = ModelDirectory::open(source);
  EXPECT_TRUE(model.isOk()) << model.status().message();
  return *std::move(model);
}

std::unique_ptr<text::Tokenizer> tokenizerOf(const ModelDirectory &model) {
  auto tokenizer = text::Tokenizer::parse(model.tokenizer.tokenizer, model.tokenizer.tokenizerConfig);
  EXPECT_TRUE(tokenizer.isOk()) << tokenizer.status().message();
  return *std::move(tokenizer);
}

std::vector<int32_t> idsIn(JsonValue array) {
  std::vector<int32_t> out;
  for (JsonValue id : array.elements())
    out.push_back(static_cast<int32_t>(*id.integer()));
  return out;
}

// All rows as f32, read in pieces of one to five rows.
std::vector<float> readAll(const weights::RowSource &source) {
  std::vector<float> out(source.rows() * source.columns());
  std::vector<uint8_t> raw(5 * source.columns() * 4);
  for (uint64_t row = 0, piece = 1; row < source.rows(); row += piece, piece = piece % 5 + 1) {
    piece = std::min(piece, source.rows() - row);
    EXPECT_TRUE(source.read(row, piece, raw.data()).isOk());
    weights::convertElements(source.element(), raw.data(), weights::Element::F32, out.data() + row * source.columns(),
                             piece * source.columns());
  }
  return out;
}

TEST(GgufGolden, EveryTensorDecodesBitForBit) {
  JsonDocument expected = readJson(kGoldens + "expected.json");
  std::map<TensorType, int> types;
  int files = 0;
  for (auto [name, tensors] : expected.root().find("files")->members()) {
    ModelDirectory model = openModel(kGoldens + std::string(name));
    size_t count = 0;
    for (auto [tensorName, digest] : tensors.members()) {
      const TensorInfo *tensor = model.checkpoint->find(tensorName);
      ASSERT_TRUE(tensor) << tensorName;
      auto source = weights::tensorRows(*model.checkpoint, *tensor);
      ASSERT_TRUE(source.isOk()) << source.status().message();
      const std::vector<float> values = readAll(**source);
      EXPECT_EQ(toHex(digestOf({reinterpret_cast<const uint8_t *>(values.data()), values.size() * 4})),
                *digest.string())
          << name << ": " << tensorName;
      ++types[tensor->type];
      ++count;
      // The same from codes and scales.
      std::vector<uint8_t> codes(values.size());
      std::vector<uint16_t> scales(values.size() / weights::kBlockColumns);
      Status read = (*source)->readCodes(0, (*source)->rows(), codes.data(), scales.data());
      ASSERT_EQ(read.isOk(), isQuantized(tensor->type)) << tensorName;
      if (!read.isOk())
        continue;
      const int zero = tensor->type == TensorType::Q8_0 ? 128 : 8;
      for (size_t i = 0; i < values.size(); ++i)
        ASSERT_EQ(values[i], weights::f16ToFloat(scales[i / 32]) * static_cast<float>(codes[i] - zero));
    }
    EXPECT_EQ(count, model.checkpoint->tensors().size()) << name;
    ++files;
  }
  EXPECT_EQ(files, 6);
  for (TensorType type : {TensorType::F32, TensorType::F16, TensorType::BF16, TensorType::Q8_0, TensorType::Q4_0})
    EXPECT_GT(types[type], 0) << name(type);
}

// What the packer stores is what the file holds, moved but not changed (dialects/qt/Storage.h says where to).
TEST(GgufGolden, PanelsHoldTheFilesOwnCodes) {
  for (auto [file, bits] : {std::pair("bytes-q8_0.gguf", 8), std::pair("bytes-q4_0.gguf", 4)}) {
    ModelDirectory model = openModel(kGoldens + file);
    int matrices = 0;
    for (const TensorInfo &tensor : model.checkpoint->tensors()) {
      if (!isQuantized(tensor.type))
        continue;
      auto source = *weights::tensorRows(*model.checkpoint, tensor);
      const uint64_t rows = source->rows(), columns = source->columns(), groups = columns / 32;
      std::vector<uint8_t> codes(rows * columns);
      std::vector<uint16_t> scales(rows * groups);
      ASSERT_TRUE(source->readCodes(0, rows, codes.data(), scales.data()).isOk());
      const weights::Quantizer keep{{.bits = bits, .group = 32}, {}};
      const qt::PanelLayout layout(keep.storage, static_cast<int64_t>(columns));
      std::vector<uint8_t> panel(static_cast<size_t>(layout.panelBytes()));
      weights::PanelMaker maker;
      for (uint64_t row = 0; row < rows; ++row) {
        const uint64_t output = row % 16;
        if (output == 0)
          ASSERT_TRUE(maker.make(*source, keep, row, std::min<uint64_t>(16, rows - row), panel.data()).isOk());
        for (uint64_t column = 0; column < columns; ++column) {
          const int64_t group = static_cast<int64_t>(column / 32), within = static_cast<int64_t>(column % 32);
          const uint8_t *line = panel.data() + layout.lines(group) + within / layout.inputsPerLine() * qt::kLineBytes;
          uint8_t code = line[4 * output + column % 4];
          if (bits == 4)
            code = within % 8 < 4 ? code & 15 : code >> 4;
          ASSERT_EQ(code, codes[row * columns + column]) << tensor.name << " row " << row << " column " << column;
          uint16_t scale;
          std::memcpy(&scale, panel.data() + layout.scales(group) + 2 * output, 2);
          ASSERT_EQ(scale, scales[row * groups + column / 32]);
        }
      }
      ++matrices;
    }
    EXPECT_EQ(matrices, 15) << file;
  }
}

TEST(GgufGolden, TextsHaveTheIdsOfTheVocabularysOwnLibrary) {
  JsonDocument expected = readJson(kGoldens + "expected.json");
  for (auto [vocabulary, file] : {std::pair("bytes", "bytes-q4_0.gguf"), std::pair("pieces", "pieces.gguf")}) {
    auto tokenizer = tokenizerOf(openModel(kGoldens + file));
    int cases = 0;
    for (JsonValue test : expected.root().find("texts")->find(vocabulary)->elements()) {
      const std::string text(*test.find("text")->string());
      const std::vector<int32_t> ids = idsIn(*test.find("ids"));
      auto encoded = tokenizer->encode(text, true);
      ASSERT_TRUE(encoded.isOk()) << encoded.status().message();
      EXPECT_EQ(*encoded, ids) << vocabulary << ": " << quoteForMessage(text);
      EXPECT_EQ(tokenizer->decode(ids, false), *test.find("decoded")->string()) << vocabulary;
      ++cases;
    }
    EXPECT_GE(cases, 11) << vocabulary;
  }
}

TEST(GgufGolden, FileAndFolderSayTheSame) {
  ModelDirectory folder = openModel(kGoldens + "bytes"), file = openModel(kGoldens + "bytes-bf16.gguf");
  EXPECT_EQ(file.generation.bosIds, folder.generation.bosIds);
  EXPECT_EQ(file.generation.eosIds, folder.generation.eosIds);
  EXPECT_EQ(file.files, std::vector<std::string>{kGoldens + "bytes-bf16.gguf"});
  auto a = tokenizerOf(folder), b = tokenizerOf(file);
  EXPECT_EQ(a->vocabSize(), b->vocabSize());
  EXPECT_EQ(a->bosId(), b->bosId());
  EXPECT_EQ(a->eosId(), b->eosId());
  for (int32_t id = 0; id < a->vocabSize(); ++id) {
    EXPECT_EQ(a->tokenText(id), b->tokenText(id));
    EXPECT_EQ(a->isSpecial(id), b->isSpecial(id)) << id;
  }
  auto config = [](const ModelDirectory &model) {
    auto document = parseJson(model.tokenizer.tokenizerConfig, "tokenizer_config.json");
    return std::string(*document->root().find("chat_template")->string());
  };
  EXPECT_EQ(config(folder), config(file));
}

// The real tokenizer of the test models, put into a GGUF file here and taken out again.
TEST(GgufGolden, VerseTokenizerSurvivesTheTrip) {
  JsonDocument tokenizer = readJson(kVerse + "tokenizer.json");
  JsonValue model = *tokenizer.root().find("model");
  std::vector<std::string> tokens(4096), merges;
  std::vector<int32_t> types(4096, 1);
  for (auto [token, id] : model.find("vocab")->members())
    tokens[static_cast<size_t>(*id.integer())] = token;
  for (JsonValue added : tokenizer.root().find("added_tokens")->elements()) {
    const auto id = static_cast<size_t>(*added.find("id")->integer());
    tokens[id] = *added.find("content")->string();
    types[id] = 3;
  }
  for (JsonValue merge : model.find("merges")->elements()) {
    std::string pair;
    for (JsonValue part : merge.elements())
      pair += (pair.empty() ? "" : " ") + std::string(*part.string());
    merges.push_back(pair);
  }
  GgufFile file;
  file.string("general.architecture", "llama").u32("llama.block_count", 1).u32("llama.embedding_length", 1);
  file.u32("llama.context_length", 8).u32("llama.feed_forward_length", 1).u32("llama.attention.head_count", 1);
  file.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  file.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", "llama-bpe");
  file.strings("tokenizer.ggml.tokens", tokens).strings("tokenizer.ggml.merges", merges);
  file.numbers("tokenizer.ggml.token_type", 5, types);
  file.u32("tokenizer.ggml.bos_token_id", 4088).u32("tokenizer.ggml.eos_token_id", 4089);
  file.tensor("token_embd.weight", {1, 4096}, 1, std::string(8192, '\0'));
  Folder folder;
  folder.write("verse.gguf", file.text());
  ModelDirectory opened = openModel(folder / "verse.gguf");
  EXPECT_EQ(opened.generation.eosIds, (std::vector<int64_t>{4089, 4092}));
  auto made = tokenizerOf(opened);

  JsonDocument cases = readJson(kVerse + "golden/tokenizer_cases.json");
  int count = 0;
  for (JsonValue test : cases.root().find("encode")->elements()) {
    const std::string text(*test.find("text")->string());
    EXPECT_EQ(*made->encode(text, false), idsIn(*test.find("ids"))) << quoteForMessage(text);
    EXPECT_EQ(*made->encode(text, true), idsIn(*test.find("ids_with_special"))) << quoteForMessage(text);
    EXPECT_EQ(made->decode(idsIn(*test.find("ids")), false), *test.find("decoded_skip_special")->string());
    EXPECT_EQ(made->decode(idsIn(*test.find("ids")), true), *test.find("decoded")->string());
    ++count;
  }
  EXPECT_GT(count, 50);
}

} // namespace
