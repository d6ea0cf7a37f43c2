/* Children by vfork, posix_spawn, fork and exec, popen and system, while threads are busy in the allocator. */
#include "prove.h"
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

extern char **environ;
static atomic_int stop;

static void *churn(void *argument) {
    uint64_t chance = (uintptr_t)argument;
    while (!atomic_load(&stop)) {
        size_t size = prove_size(&chance, 200000);
        void *block = malloc(size);
        PROVE(block != NULL);
        prove_mark(block, size, 9);
        PROVE(prove_marked(block, size, 9));
        free(block);
    }
    return NULL;
}

static void ends_with(pid_t pid, int code) {
    int status = 0;
    PROVE(pid > 0 && waitpid(pid, &status, 0) == pid);
    PROVE(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

int main(void) {
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) PROVE(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) == 0);
    char *words[] = {"/bin/sh", "-c", "x=$(echo hello); [ \"$x\" = hello ] && exit 7", NULL};
    for (int i = 0; i < 40; i++) {
        pid_t pid = 0;
        PROVE(posix_spawn(&pid, words[0], NULL, NULL, words, environ) == 0);
        ends_with(pid, 7);
        pid = vfork();
        if (pid == 0) {
            execve(words[0], words, environ);
            _exit(99);
        }
        ends_with(pid, 7);
        pid = fork();
        if (pid == 0) {
            void *block = malloc(5000);
            free(block);
            execve(words[0], words, environ);
            _exit(99);
        }
        ends_with(pid, 7);
        FILE *pipe = popen("echo from the child", "r");
        PROVE(pipe != NULL);
        char line[64] = {0};
        PROVE(fgets(line, sizeof line, pipe) != NULL && strcmp(line, "from the child\n") == 0);
        PROVE(pclose(pipe) == 0);
        PROVE(WEXITSTATUS(system("exit 3")) == 3);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    return prove_ok("spawn");
}
