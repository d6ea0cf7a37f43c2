/* dlopen and dlclose of a library that allocates, a thousand times; blocks cross its end. With a second path:
 * the allocator's own library opened as if it were a plugin. */
#include "prove.h"
#include <dlfcn.h>
#include <pthread.h>

static const char *path;

static void once(uint64_t seed) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    PROVE(library != NULL);
    char *(*make)(size_t) = (char *(*)(size_t))dlsym(library, "plugin_make");
    void (*give)(char *) = (void (*)(char *))dlsym(library, "plugin_free");
    PROVE(make != NULL && give != NULL);
    size_t size = 1 + seed * 131 % 70000;
    char *freed_inside = make(100), *survives = make(size);
    PROVE(freed_inside != NULL && survives != NULL);
    give(freed_inside);
    PROVE(dlclose(library) == 0);
    PROVE(prove_marked(survives, size, 0x42));
    free(survives);
}

static void *in_thread(void *argument) {
    for (uint64_t i = 0; i < 20; i++) once((uintptr_t)argument * 20 + i);
    return NULL;
}

int main(int count, char **words) {
    PROVE(count >= 2);
    path = words[1];
    for (uint64_t i = 0; i < 600; i++) once(i);
    for (uintptr_t i = 0; i < 20; i++) {
        pthread_t thread;
        PROVE(pthread_create(&thread, NULL, in_thread, (void *)i) == 0);
        pthread_join(thread, NULL);
    }
    if (count >= 3) {
        /* Twice as a plugin: blocks of the process's malloc and of the library's own must not mix. */
        for (int i = 0; i < 20; i++) {
            void *own = dlopen(words[2], RTLD_NOW | RTLD_LOCAL);
            if (own == NULL) fprintf(stderr, "%s\n", dlerror());
            PROVE(own != NULL);
            void *(*its_malloc)(size_t) = (void *(*)(size_t))dlsym(own, "malloc");
            void (*its_free)(void *) = (void (*)(void *))dlsym(own, "free");
            PROVE(its_malloc != NULL && its_free != NULL);
            void *ours = malloc(1000), *its = its_malloc(1000);
            PROVE(ours != NULL && its != NULL && ours != its);
            prove_mark(ours, 1000, 1);
            prove_mark(its, 1000, 2);
            PROVE(prove_marked(ours, 1000, 1));
            its_free(its);
            free(ours);
            dlclose(own);
        }
    }
    return prove_ok("dlopen_churn");
}
