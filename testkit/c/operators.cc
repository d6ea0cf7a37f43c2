// Every form of new and delete: plain, array, nothrow, aligned, sized; the new handler; bad_alloc.
extern "C" {
#include "prove.h"
}
#include <cstddef>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

static int handler_calls = 0;

static void give_up_after_three() {
    handler_calls++;
    if (handler_calls == 3) std::set_new_handler(nullptr);
}

static void throw_at_once() {
    handler_calls++;
    throw std::bad_alloc();
}

static volatile std::size_t too_much = std::size_t(PTRDIFF_MAX) - 65536;

template <typename Call> static bool throws(Call call) {
    try {
        call();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static void plain() {
    for (std::size_t size = 0; size < 3u << 20; size = size * 3 / 2 + 1) {
        void *one = ::operator new(size);
        void *many = ::operator new[](size);
        void *quiet = ::operator new(size, std::nothrow);
        void *quiets = ::operator new[](size, std::nothrow);
        PROVE(one && many && quiet && quiets && one != many);
        PROVE(reinterpret_cast<std::uintptr_t>(one) % 16 == 0);
        prove_mark(one, size, 1);
        prove_mark(many, size, 2);
        prove_mark(quiet, size, 3);
        PROVE(prove_marked(one, size, 1) && prove_marked(many, size, 2));
        ::operator delete(one, size);
        ::operator delete[](many, size);
        ::operator delete(quiet, std::nothrow);
        ::operator delete[](quiets, std::nothrow);
        one = ::operator new(size);
        many = ::operator new[](size);
        ::operator delete(one);
        ::operator delete[](many);
    }
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
}

static void aligned() {
    for (std::size_t align = 1; align <= 1u << 20; align *= 2) {
        const auto asked = std::align_val_t(align);
        for (std::size_t size = 0; size < 100000; size = size * 5 + 7) {
            void *blocks[4] = {::operator new(size, asked), ::operator new[](size, asked),
                               ::operator new(size, asked, std::nothrow), ::operator new[](size, asked, std::nothrow)};
            for (void *block : blocks) {
                PROVE(block != nullptr && reinterpret_cast<std::uintptr_t>(block) % align == 0);
                prove_mark(block, size, 9);
            }
            ::operator delete(blocks[0], size, asked);
            ::operator delete[](blocks[1], size, asked);
            ::operator delete(blocks[2], asked, std::nothrow);
            ::operator delete[](blocks[3], asked, std::nothrow);
            void *again = ::operator new(size, asked);
            ::operator delete(again, asked);
            again = ::operator new[](size, asked);
            ::operator delete[](again, asked);
        }
    }
}

static void refusals() {
    std::set_new_handler(nullptr);
    PROVE(throws([] { ::operator delete(::operator new(too_much)); }));
    PROVE(throws([] { ::operator delete[](::operator new[](too_much)); }));
    PROVE(throws([] { ::operator delete(::operator new(too_much, std::align_val_t(64)), std::align_val_t(64)); }));
    PROVE(throws([] { std::vector<char> far(too_much / 2); }));
    PROVE(throws([] { volatile std::size_t count = SIZE_MAX / 2; delete[] new long[count]; }));
    PROVE(::operator new(too_much, std::nothrow) == nullptr);
    PROVE(::operator new[](too_much, std::nothrow) == nullptr);
    PROVE(::operator new(too_much, std::align_val_t(4096), std::nothrow) == nullptr);

    handler_calls = 0;
    std::set_new_handler(give_up_after_three);
    PROVE(throws([] { ::operator delete(::operator new(too_much)); }) && handler_calls == 3);
    handler_calls = 0;
    std::set_new_handler(give_up_after_three);
    PROVE(::operator new(too_much, std::nothrow) == nullptr && handler_calls == 3);
    handler_calls = 0;
    std::set_new_handler(throw_at_once);
    PROVE(throws([] { ::operator delete(::operator new(too_much)); }) && handler_calls == 1);
    PROVE(::operator new(too_much, std::nothrow) == nullptr && handler_calls == 2);
    PROVE(::operator new(too_much, std::align_val_t(64), std::nothrow) == nullptr && handler_calls == 3);
    std::set_new_handler(nullptr);
}

struct alignas(256) Wide {
    char bytes[300];
};

static void containers() {
    std::map<int, std::string> map;
    std::vector<std::unique_ptr<Wide>> wides;
    for (int i = 0; i < 20000; i++) {
        map[i * 7919 % 20011] = std::string(i % 300, char('a' + i % 26));
        if (i % 10 == 0) {
            wides.push_back(std::make_unique<Wide>());
            PROVE(reinterpret_cast<std::uintptr_t>(wides.back().get()) % 256 == 0);
        }
    }
    for (int i = 0; i < 20000; i++) PROVE(map[i * 7919 % 20011] == std::string(i % 300, char('a' + i % 26)));
}

int main() {
    plain();
    aligned();
    refusals();
    containers();
    return prove_ok("operators");
}
