;;; tests.el --- The server in a real Emacs, through eglot  -*- lexical-binding: t -*-

(require 'cl-lib)
(require 'package)
(package-initialize)
(require 'eglot)
(require 'ert)
(require 'imenu)
(require 'xref)

(defconst scratch (getenv "SCRATCH"))
(defconst patience-s 90 "How long the server may take; the machine may be busy.")

(load (expand-file-name "setup.el" scratch))
(setq eglot-sync-connect patience-s
      eglot-autoshutdown nil
      vc-handled-backends '(Git)
      create-lockfiles nil)

(defun write-file-at (name text)
  "Write TEXT to the file NAME below the scratch directory."
  (let ((path (expand-file-name name scratch)))
    (make-directory (file-name-directory path) t)
    (write-region text nil path nil 'quiet)))

(write-file-at "python/shapes.py" "class Circle:
    \"\"\"A round thing.\"\"\"

    def area(self) -> float:
        return 3.0
")
(write-file-at "python/main.py" "from shapes import Circle


def total():
    return Circle().area()


print(total())
")
(write-file-at "python/broken.py" "def half(:\n")
(write-file-at "python/fast.c" "int twice(int n) { return 2 * n; }\nint main(void) { return twice(3); }\n")
(make-directory (expand-file-name "python/.git/objects" scratch) t)
(make-directory (expand-file-name "python/.git/refs" scratch) t)
(write-file-at "python/.git/HEAD" "ref: refs/heads/main\n")

(defun eventually (try)
  "Call TRY until it gives something, and give that."
  (with-timeout (patience-s (error "Not seen: %S" try))
    (let (got)
      (while (not (setq got (funcall try)))
        ;; Unlike waiting for output, this also takes in what the system tells of files.
        (read-event nil nil 0.05))
      got)))

(defun visit (name)
  "Visit a file as a user with `eglot-ensure' on its hook does."
  (find-file (expand-file-name name scratch))
  (unless (eglot-managed-p)
    (apply #'eglot--connect (eglot--guess-contact))
    (eventually #'eglot-managed-p)))

(defun at (text)
  "Put point on the first TEXT of the buffer."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun places (xrefs)
  "The places of XREFS as a sorted list of FILE:LINE."
  (sort (mapcar (lambda (xref)
                  (let ((location (xref-item-location xref)))
                    (format "%s:%d"
                            (file-name-nondirectory (xref-location-group location))
                            (xref-location-line location))))
                xrefs)
        #'string<))

(ert-deftest attaches ()
  (visit "python/main.py")
  (should (equal (plist-get (eglot--server-info (eglot-current-server)) :name) "coppice")))

(ert-deftest shows-syntax-errors ()
  (visit "python/broken.py")
  (flymake-mode 1)
  (flymake-start)
  (should (eventually #'flymake-diagnostics)))

(ert-deftest shows-a-hover ()
  (visit "python/main.py")
  (at "Circle()")
  (let (text)
    (eglot-hover-eldoc-function (lambda (string &rest _) (setq text string)))
    (should (string-match-p "A round thing" (eventually (lambda () text))))))

(ert-deftest goes-to-a-definition-in-another-file ()
  (visit "python/main.py")
  (at "area()")
  (should (equal (places (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot)))
                 '("shapes.py:4"))))

(ert-deftest lists-references ()
  (visit "python/shapes.py")
  (at "Circle")
  (should (equal (places (xref-backend-references 'eglot (xref-backend-identifier-at-point 'eglot)))
                 '("main.py:1" "main.py:5" "shapes.py:1"))))

(ert-deftest lists-symbols ()
  (visit "python/shapes.py")
  (should (string-match-p "Circle" (format "%S" (funcall imenu-create-index-function))))
  (should (places (xref-backend-apropos 'eglot "total"))))

(ert-deftest renames ()
  (visit "python/main.py")
  (at "total")
  (eglot-rename "grand_total")
  (should (string-match-p "print(grand_total())" (buffer-string)))
  (revert-buffer t t t))

(ert-deftest serves-all-languages-of-a-project-with-one-process ()
  (visit "python/main.py")
  (let ((server (eglot-current-server)))
    (visit "python/fast.c")
    (should (eq server (eglot-current-server))))
  (at "twice(3)")
  (should (equal (places (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot)))
                 '("fast.c:1"))))

(ert-deftest takes-settings-while-it-runs ()
  (visit "python/main.py")
  (let ((server (eglot-current-server)))
    (setq-default eglot-workspace-configuration '(:coppice (:memory (:limitMb 300))))
    (eglot-signal-didChangeConfiguration server)
    (should (eventually (lambda ()
                          (let ((memory (plist-get (jsonrpc-request server :coppice/status nil) :memory)))
                            (= (* 300 1024 1024) (plist-get memory :limitBytes))))))))

(ert-deftest sees-a-file-that-changes-on-disk ()
  (visit "python/main.py")
  (write-file-at "python/late.py" "def came_later():\n    pass\n")
  (should (equal (eventually (lambda () (places (xref-backend-apropos 'eglot "came_later")))) '("late.py:1"))))

(ert-run-tests-batch-and-exit)
