#include "core/http/multipart.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace obliv;
using namespace obliv::http;

namespace {

struct Field {
    std::string name;
    std::string filename;
    std::string content;
    bool operator==(const Field&) const = default;
};

std::string written(const std::vector<Field>& fields, const std::string& boundary) {
    std::string body;
    for (const auto& field : fields) {
        body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field.name + "\"";
        if (!field.filename.empty())
            body += "; filename=\"" + field.filename + "\"\r\nContent-Type: audio/mpeg";
        body += "\r\n\r\n" + field.content + "\r\n";
    }
    return body + "--" + boundary + "--\r\n";
}

Result<std::vector<Field>> read(std::string_view body, std::string_view boundary) {
    FormScan scan(body, boundary);
    std::vector<Field> fields;
    while (true) {
        auto part = scan.next();
        if (!part)
            return part.error();
        if (!*part)
            return fields;
        fields.push_back({std::string((*part)->name), std::string((*part)->filename),
                          std::string((*part)->content)});
    }
}

bool refused(std::string_view body) {
    auto fields = read(body, "b");
    return !fields && fields.error().code == Code::invalid_request;
}

constexpr std::string_view field_a = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";

}  // namespace

TEST_CASE("a form reads back as it was written, whatever bytes its files have", "[http]") {
    auto seed = real_clock().wall().time_since_epoch().count();
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    for (int round = 0; round < 300; ++round) {
        std::vector<Field> fields;
        for (auto count = random.below(5) + 1; count > 0; --count) {
            Field field{"n" + std::to_string(random.below(9)), random.below(2) ? "f.mp3" : "", {}};
            for (auto bytes = random.below(60); bytes > 0; --bytes)
                field.content += "\r\n-bX\0\xFF"[random.below(8)];
            fields.push_back(field);
        }
        auto got = read(written(fields, "bXb"), "bXb");
        // A file that happens to hold the boundary makes another form, or none.
        bool clash = false;
        for (const auto& field : fields)
            clash = clash || ("\r\n" + field.content).find("\r\n--bXb") != std::string::npos;
        if (!clash) {
            REQUIRE(got);
            CHECK(*got == fields);
        }
    }
}

TEST_CASE("views of a form point into its body", "[http]") {
    auto body = written({{"model", "", "m1"}, {"file", "a \\\"b\\\".mp3", "bytes"}}, "x");
    FormScan scan(body, "x");
    auto part = scan.next();
    REQUIRE(part);
    CHECK((*part)->content.data() == body.data() + body.find("m1"));
    part = scan.next();
    REQUIRE(part);
    CHECK((*part)->is_file);
    CHECK((*part)->filename == "a \\\"b\\\".mp3");
    part = scan.next();
    REQUIRE(part);
    CHECK_FALSE(*part);
}

TEST_CASE("what two readers could take for two forms is refused", "[http]") {
    auto a = std::string(field_a);
    CHECK(refused(""));
    CHECK(refused("--b"));
    CHECK(refused("preamble\r\n" + a + "1\r\n--b--"));
    CHECK(refused(a + "1"));
    CHECK(refused(a + "1\n--b--"));
    CHECK(refused(a + "1\r\n--bc\r\n--b--"));
    CHECK(refused(a + "1\r\n--b--\r\nepilogue"));
    CHECK(refused("--b\nContent-Disposition: form-data; name=\"a\"\n\n1\n--b--"));
    CHECK(refused("--b\r\n\r\n1\r\n--b--"));
    CHECK(refused("--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--"));
    CHECK(refused("--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n1\r\n--b--"));
    CHECK(refused("--b\r\nContent-Disposition: form-data; name=\"a\\\"b\"\r\n\r\n1\r\n--b--"));
    CHECK(refused("--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--b--"));
    CHECK(refused("--b\r\nContent-Disposition: form-data; name=a\r\n"
                  "Content-Disposition: form-data; name=b\r\n\r\n1\r\n--b--"));
    CHECK(refused("--b\r\nContent-Disposition: form-data; name=a\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--b--"));
    CHECK(refused("--b\r\nX: " + std::string(5000, 'x')));
}

TEST_CASE("a form has 256 parts at most", "[http]") {
    std::vector<Field> fields(256, Field{"a", "", "1"});
    CHECK(read(written(fields, "b"), "b"));
    fields.push_back({"a", "", "1"});
    CHECK_FALSE(read(written(fields, "b"), "b"));
}

TEST_CASE("a boundary is read from its header, quoted or not", "[http]") {
    CHECK(form_boundary("multipart/form-data; boundary=abc") == "abc");
    CHECK(form_boundary("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:c\"") == "a b:c");
    CHECK_FALSE(form_boundary("multipart/form-data"));
    CHECK_FALSE(form_boundary("multipart/form-data; boundary=\"\""));
    CHECK_FALSE(form_boundary("multipart/form-data; boundary=a; boundary=b"));
    CHECK_FALSE(form_boundary("multipart/form-data; boundary=\"a\\\"b\""));
    CHECK_FALSE(form_boundary("multipart/form-data; boundary=" + std::string(71, 'x')));
    CHECK_FALSE(form_boundary("multipart/form-datax; boundary=a"));
    CHECK_FALSE(form_boundary("multipart/mixed; boundary=a"));
    CHECK_FALSE(form_boundary("application/json"));
}
