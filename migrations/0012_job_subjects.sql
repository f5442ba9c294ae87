-- Which of several a run was about: a list of images to prefetch. The last run of each is kept.
ALTER TABLE job_runs ADD COLUMN subject TEXT;
